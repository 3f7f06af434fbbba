using System.Management.Automation;

namespace PSRunner.Commands;

/// <summary>Keeps a model API under a name that tests can use. Its keys are never stored.</summary>
[Cmdlet(VerbsLifecycle.Register, "TestEndpoint", SupportsShouldProcess = true, DefaultParameterSetName = ByVariable)]
[OutputType(typeof(TestEndpoint))]
public sealed class RegisterTestEndpointCommand : EndpointChangeCommand
{
    /// <summary>The name that tests use.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The name that tests use; sent as the model when -Model does not say otherwise.")]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>The base address of the API.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true, HelpMessage = "The base address of a chat API: https://api.openai.com/v1, http://localhost:11434/v1.")]
    [ValidateNotNullOrEmpty]
    public string Uri { get; set; } = "";

    /// <summary>Replaces an endpoint of the same name.</summary>
    [Parameter(HelpMessage = "Replace an endpoint of the same name.")]
    public SwitchParameter Force { get; set; }

    private protected override void Process()
    {
        if (Name.Length == 0 || Uri.Length == 0)
        {
            throw Errors.EndpointIncomplete();
        }

        if (ShouldProcess(Name, $"Register endpoint at {Uri}"))
        {
            Keep(Changed(new TestEndpoint { Name = Name, Uri = Uri, Model = Name }), Force);
        }
    }
}
