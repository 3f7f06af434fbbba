using Microsoft.Extensions.AI;
using PSRunner.Engine.Execution;

namespace PSRunner.Workflows.Models;

/// <summary>The models that cases can name.</summary>
public interface IModelCatalog
{
    /// <summary>Their names, in the order in which they are listed.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>The keys of the models in use.</summary>
    Secrets Secrets => Secrets.None;

    /// <summary>A client for one attempt; the caller disposes it.</summary>
    /// <param name="model">One of <see cref="Names"/>.</param>
    /// <param name="context">The attempt.</param>
    /// <exception cref="TestBatchException">ModelUnknown.</exception>
    IChatClient Create(string model, AttemptContext context);
}
