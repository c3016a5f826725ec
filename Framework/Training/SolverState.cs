namespace EvenNet.Framework;

/// <summary>One number that a solver remembers of every weight: «momentum». A checkpoint saves all states of a solver, whatever it is.</summary>
public sealed class SolverState
{
    private readonly ParameterSet parameters;
    private Storage? storage;

    internal SolverState(ParameterSet parameters, string name) => (this.parameters, Name) = (parameters, name);

    /// <summary>«momentum», «square»: unique within a solver.</summary>
    public string Name { get; }

    /// <summary>The state of all parameters, each at its <see cref="Parameter.Offset"/>; zero at first, set up by the first call.</summary>
    public Storage Storage => storage ??= parameters.Backend.Allocate(parameters.ValueStorage.Count);

    /// <summary>The state of one parameter, in the order of its values.</summary>
    public Region Of(Parameter parameter) => new(Storage, parameter.Offset, parameter.Count);

    internal void Free() => storage?.Dispose();
}
