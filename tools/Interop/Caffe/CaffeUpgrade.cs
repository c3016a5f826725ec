using EvenNet.Interop.CaffeFormat;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace EvenNet.Interop;

// From the older form of a layer, «layers» with a numbered type, to «layer». Both name a type's own settings alike, so these are carried over
// by their names.
internal static class CaffeUpgrade
{
    private static readonly Dictionary<V1LayerParameter.Types.LayerType, string> Types = new()
    {
        [V1LayerParameter.Types.LayerType.Absval] = "AbsVal",
        [V1LayerParameter.Types.LayerType.Accuracy] = "Accuracy",
        [V1LayerParameter.Types.LayerType.Argmax] = "ArgMax",
        [V1LayerParameter.Types.LayerType.Bnll] = "BNLL",
        [V1LayerParameter.Types.LayerType.Concat] = "Concat",
        [V1LayerParameter.Types.LayerType.ContrastiveLoss] = "ContrastiveLoss",
        [V1LayerParameter.Types.LayerType.Convolution] = "Convolution",
        [V1LayerParameter.Types.LayerType.Data] = "Data",
        [V1LayerParameter.Types.LayerType.Deconvolution] = "Deconvolution",
        [V1LayerParameter.Types.LayerType.Dropout] = "Dropout",
        [V1LayerParameter.Types.LayerType.DummyData] = "DummyData",
        [V1LayerParameter.Types.LayerType.EuclideanLoss] = "EuclideanLoss",
        [V1LayerParameter.Types.LayerType.Eltwise] = "Eltwise",
        [V1LayerParameter.Types.LayerType.Exp] = "Exp",
        [V1LayerParameter.Types.LayerType.Flatten] = "Flatten",
        [V1LayerParameter.Types.LayerType.Hdf5Data] = "HDF5Data",
        [V1LayerParameter.Types.LayerType.Hdf5Output] = "HDF5Output",
        [V1LayerParameter.Types.LayerType.HingeLoss] = "HingeLoss",
        [V1LayerParameter.Types.LayerType.Im2Col] = "Im2col",
        [V1LayerParameter.Types.LayerType.ImageData] = "ImageData",
        [V1LayerParameter.Types.LayerType.InfogainLoss] = "InfogainLoss",
        [V1LayerParameter.Types.LayerType.InnerProduct] = "InnerProduct",
        [V1LayerParameter.Types.LayerType.Lrn] = "LRN",
        [V1LayerParameter.Types.LayerType.MemoryData] = "MemoryData",
        [V1LayerParameter.Types.LayerType.MultinomialLogisticLoss] = "MultinomialLogisticLoss",
        [V1LayerParameter.Types.LayerType.Mvn] = "MVN",
        [V1LayerParameter.Types.LayerType.Pooling] = "Pooling",
        [V1LayerParameter.Types.LayerType.Power] = "Power",
        [V1LayerParameter.Types.LayerType.Relu] = "ReLU",
        [V1LayerParameter.Types.LayerType.Sigmoid] = "Sigmoid",
        [V1LayerParameter.Types.LayerType.SigmoidCrossEntropyLoss] = "SigmoidCrossEntropyLoss",
        [V1LayerParameter.Types.LayerType.Silence] = "Silence",
        [V1LayerParameter.Types.LayerType.Softmax] = "Softmax",
        [V1LayerParameter.Types.LayerType.SoftmaxLoss] = "SoftmaxWithLoss",
        [V1LayerParameter.Types.LayerType.Split] = "Split",
        [V1LayerParameter.Types.LayerType.Slice] = "Slice",
        [V1LayerParameter.Types.LayerType.Tanh] = "TanH",
        [V1LayerParameter.Types.LayerType.WindowData] = "WindowData",
        [V1LayerParameter.Types.LayerType.Threshold] = "Threshold",
    };

    /// <summary>The layer in today's form. Its blobs are moved, not copied.</summary>
    public static LayerParameter Upgrade(V1LayerParameter old)
    {
        var layer = new LayerParameter { Name = old.Name, Type = Types.GetValueOrDefault(old.Type, "") };
        layer.Bottom.Add(old.Bottom);
        layer.Top.Add(old.Top);
        layer.LossWeight.Add(old.LossWeight);
        layer.Include.Add(old.Include);
        layer.Exclude.Add(old.Exclude);
        layer.Blobs.Add(old.Blobs);
        for (int i = 0; i < Math.Max(old.Param.Count, Math.Max(old.BlobsLr.Count, old.WeightDecay.Count)); i++)
        {
            var spec = new ParamSpec();
            if (i < old.Param.Count && old.Param[i].Length > 0) spec.Name = old.Param[i];
            if (i < old.BlobsLr.Count) spec.LrMult = old.BlobsLr[i];
            if (i < old.WeightDecay.Count) spec.DecayMult = old.WeightDecay[i];
            layer.Param.Add(spec);
        }
        foreach (FieldDescriptor from in V1LayerParameter.Descriptor.Fields.InDeclarationOrder())
        {
            if (from.FieldType != FieldType.Message || from.IsRepeated || !from.Accessor.HasValue(old)) continue;
            if (LayerParameter.Descriptor.FindFieldByName(from.Name) is { } to) to.Accessor.SetValue(layer, (IMessage)from.Accessor.GetValue(old));
        }
        return layer;
    }
}
