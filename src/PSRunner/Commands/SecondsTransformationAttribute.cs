using System.Management.Automation;

namespace PSRunner.Commands;

/// <summary>Lets a parameter that takes seconds take a TimeSpan too, which PowerShell does not convert to a number.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecondsTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is TimeSpan span ? span.TotalSeconds : inputData;
}
