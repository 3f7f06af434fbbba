using System.Management.Automation;
using PSRunner.Completion;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Changes what was registered of an endpoint; what is not given stays.</summary>
[Cmdlet(VerbsCommon.Set, "TestEndpoint", SupportsShouldProcess = true, DefaultParameterSetName = ByVariable)]
[OutputType(typeof(TestEndpoint))]
public sealed class SetTestEndpointCommand : EndpointChangeCommand
{
    /// <summary>The endpoint.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The endpoint.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(EndpointNameCompleter))]
    public string Name { get; set; } = "";

    /// <summary>The base address of the API.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true, HelpMessage = "The base address of its API.")]
    [AllowEmptyString]
    public string Uri { get; set; } = "";

    private protected override void Process()
    {
        var endpoint = Name.Length == 0 ? throw Errors.NoEndpoint("Set-TestEndpoint") : Endpoints.Find(Name) ?? throw Errors.EndpointUnknown(Name);
        if (MyInvocation.BoundParameters.Keys.All(name => name is nameof(Name) or nameof(PassThru) || CommonParameters.Contains(name) || OptionalCommonParameters.Contains(name)))
        {
            throw Errors.NothingToChangeOf(endpoint);
        }

        if (ShouldProcess(endpoint.Name, "Change endpoint"))
        {
            Keep(Changed(Uri.Length > 0 ? endpoint with { Uri = Uri } : endpoint), replace: true);
        }
    }
}
