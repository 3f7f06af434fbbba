using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Asks endpoints whether they can be used, as a batch does before its first case. It sends requests, which may cost.</summary>
[Cmdlet(VerbsDiagnostic.Test, "TestEndpoint")]
[OutputType(typeof(TestEndpointCheck), typeof(bool))]
public sealed class TestTestEndpointCommand : EndpointSelectionCommand, IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Writes true or false.</summary>
    [Parameter(HelpMessage = "Write true or false.")]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    /// <inheritdoc/>
    protected override void StopProcessing() => _stop.Cancel();

    private protected override void Process()
    {
        var registered = Endpoints.Registered();
        foreach (var endpoint in Name.Length == 0 ? registered : Selected(registered))
        {
            try
            {
                var check = Endpoints.Check(endpoint, _stop.Token);
                WriteObject(Quiet ? check.Healthy : check);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                throw new PipelineStoppedException();
            }
        }
    }
}
