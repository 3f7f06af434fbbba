using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Forgets endpoints. Batches that name them can be read; to go on with one, register its endpoint again.</summary>
[Cmdlet(VerbsLifecycle.Unregister, "TestEndpoint", SupportsShouldProcess = true)]
public sealed class UnregisterTestEndpointCommand : EndpointSelectionCommand
{
    private protected override void Process()
    {
        if (Name.Length == 0)
        {
            throw Errors.NoEndpoint("Unregister-TestEndpoint");
        }

        foreach (var endpoint in Selected(Endpoints.Registered()).Where(e => ShouldProcess(e.Name, "Unregister endpoint")))
        {
            Endpoints.Remove(endpoint.Name);
        }
    }
}
