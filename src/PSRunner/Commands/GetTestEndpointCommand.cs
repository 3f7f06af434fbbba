using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Lists the models that tests can name: registered endpoints and embedded models.</summary>
[Cmdlet(VerbsCommon.Get, "TestEndpoint")]
[OutputType(typeof(TestEndpoint))]
public sealed class GetTestEndpointCommand : EndpointSelectionCommand
{
    private protected override void Process()
    {
        List<TestEndpoint> all = [.. Endpoints.Registered(), .. Endpoints.Embedded()];
        foreach (var endpoint in Name.Length == 0 ? all : Selected(all))
        {
            WriteObject(endpoint);
        }
    }
}
