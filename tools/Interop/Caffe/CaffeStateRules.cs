using EvenNet.Framework;
using EvenNet.Interop.CaffeFormat;

namespace EvenNet.Interop;

// Which layers a state leaves: any rule of «include» must be met, or none of «exclude» (Caffe's net tutorial and its filter).
internal static class CaffeStateRules
{
    public static bool Includes(LayerParameter layer, CaffeState state) =>
        layer.Include.Count > 0 ? layer.Include.Any(rule => Meets(rule, state)) : !layer.Exclude.Any(rule => Meets(rule, state));

    private static bool Meets(NetStateRule rule, CaffeState state) =>
        (!rule.HasPhase || rule.Phase == (state.Phase == Framework.Phase.Train ? CaffeFormat.Phase.Train : CaffeFormat.Phase.Test))
        && (!rule.HasMinLevel || state.Level >= rule.MinLevel)
        && (!rule.HasMaxLevel || state.Level <= rule.MaxLevel)
        && rule.Stage.All(state.Stages.Contains)
        && !rule.NotStage.Any(state.Stages.Contains);
}
