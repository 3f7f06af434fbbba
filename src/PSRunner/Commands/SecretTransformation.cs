using System.Management.Automation;
using System.Security;

namespace PSRunner.Commands;

/// <summary>Refuses a key that was typed as plain text, without repeating it.</summary>
public sealed class SecretTransformationAttribute : ArgumentTransformationAttribute
{
    private const string Refusal =
        "A key is not taken as plain text. Name the environment variable that holds it with -ApiKeyVariable, or give a SecureString (Read-Host -AsSecureString; Get-Secret).";

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            SecureString one => new[] { one },
            SecureString[] many => many,
            object[] many when many.All(o => (o is PSObject p ? p.BaseObject : o) is SecureString) =>
                many.Select(o => (SecureString)(o is PSObject p ? p.BaseObject : o)).ToArray(),
            _ => throw new ArgumentTransformationMetadataException(Refusal),
        };
    }
}
