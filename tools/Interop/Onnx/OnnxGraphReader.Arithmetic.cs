using EvenNet.Framework;

namespace EvenNet.Interop;

internal sealed partial class OnnxGraphReader
{
    // Values with each other, weighted by the numbers they were multiplied by; or a value and one number for each channel.
    private void ReadSum(OnnxNode node)
    {
        if (node.Inputs.Count == 2 && node.Inputs.Any(IsConstant))
        {
            int at = IsConstant(node.Inputs[0]) ? 1 : 0;
            if (node.Operator == "Sub" && at == 1) throw node.Wrong("subtracts from a constant, which is not read");
            ScaleOf(node, Whole(node, at), factors: null, divides: false, ConstantOf(node, 1 - at), sign: node.Operator == "Sub" ? -1 : 1, node);
            return;
        }
        Value[] parts = [.. Enumerable.Range(0, node.Inputs.Count).Select(i => Raw(node, i))];
        if (parts.Any(p => p.IsPadded)) throw node.Wrong("reads a padded value; padding is read before convolutions and poolings");
        bool isFlat = AllFlat(node, parts);
        float[] coefficients = [.. parts.Select((p, i) => node.Operator == "Sub" && i == 1 ? -p.Factor : p.Factor)];
        if (parts.Length == 1)
        {
            Set(node, parts[0]);
            return;
        }
        var layer = new Eltwise(EltwiseKind.Sum) { Coefficients = coefficients.All(c => c == 1) ? [] : coefficients };
        Set(node, new Node(Named(node.Outputs.FirstOrDefault("")), layer, [.. parts.Select(p => p.Node)]), isFlat);
    }

    private void ReadProduct(OnnxNode node)
    {
        if (node.Inputs.Count == 2 && node.Inputs.Any(IsConstant))
        {
            int at = IsConstant(node.Inputs[0]) ? 1 : 0;
            bool divides = node.Operator == "Div";
            if (divides && at == 1) throw node.Wrong("divides a constant, which is not read");
            OnnxConstant factors = ConstantOf(node, 1 - at);
            Value x = Raw(node, at);
            OnnxNode? sum = Follower(node, "Add", out OnnxConstant? bias);
            if (sum is null && factors.Count == 1 && factors.Shape.Count <= (x.IsFlat ? 2 : 4))
            {
                float factor = factors.Floats()[0];
                Set(node, x with { Factor = divides ? x.Factor / factor : x.Factor * factor });
                return;
            }
            if (sum is not null) done.Add(sum);
            ScaleOf(node, Whole(node, at), factors, divides, sum is null ? null : bias, sign: 1, sum ?? node);
            return;
        }
        if (node.Operator == "Div") throw node.Wrong("divides one value by another, which is not read");
        if (IsWithin(node)) return;
        Combine(node, EltwiseKind.Product);
    }

    private void Combine(OnnxNode node, EltwiseKind kind)
    {
        Value[] parts = [.. Enumerable.Range(0, node.Inputs.Count).Select(i => Whole(node, i))];
        bool isFlat = AllFlat(node, parts);
        if (parts.Length == 1) Set(node, parts[0]);
        else Set(node, new Node(Named(node.Outputs.FirstOrDefault("")), new Eltwise(kind), [.. parts.Select(p => p.Node)]), isFlat);
    }

    private void ScaleOf(OnnxNode node, Value x, OnnxConstant? factors, bool divides, OnnxConstant? bias, float sign, OnnxNode last)
    {
        int channels = x.Node.Shape.Channels;
        if (factors is { Count: not 1 }) RequireChannels(node, factors, x);
        if (bias is { Count: not 1 }) RequireChannels(last, bias, x);
        string weights = node.Inputs.FirstOrDefault(i => factors is not null && IsConstant(i)) ?? "";
        Node made = x.Node.Scale(LayerName(last, weights, ".weight"), bias: bias is not null);
        Keep(made, "weight", [channels], factors is null ? Repeated(channels, 1) : () => Spread(divides ? [.. factors.Floats().Select(f => 1 / f)] : factors.Floats(), channels));
        if (bias is not null) Keep(made, "bias", [channels], () => Times(Spread(bias.Floats(), channels), sign));
        Set(last, made, x.IsFlat);
    }

    private static float[] Spread(float[] values, int count) => values.Length == count ? values : Repeated(count, values[0])();

    // y = x · (1 + α · mean of x² over the window)^−β, written out: x·x, its means, times α, plus one, to the power −β, times x.
    private bool IsWithin(OnnxNode squares)
    {
        if (squares.Inputs.Count != 2 || squares.Inputs[0] != squares.Inputs[1] || squares.Outputs.Count != 1) return false;
        if (readers.GetValueOrDefault(squares.Outputs[0]) != 1 || readerOf[squares.Outputs[0]] is not { Operator: "AveragePool" } means || means.Outputs.Count != 1) return false;
        if (Follower(means, "Mul", out OnnxConstant? alpha) is not { } scaled || Follower(scaled, "Add", out OnnxConstant? one) is not { } raised) return false;
        if (Follower(raised, "Pow", out OnnxConstant? beta) is not { } powers || powers.Inputs[0] != raised.Outputs[0] || powers.Outputs.Count != 1) return false;
        if (alpha is not { Count: 1 } || beta is not { Count: 1 } || one is not { Count: 1 } || one.Floats()[0] != 1) return false;
        if (readers.GetValueOrDefault(powers.Outputs[0]) != 1 || readerOf[powers.Outputs[0]] is not { Operator: "Mul" } product) return false;
        if (product.Inputs.Count != 2 || !product.Inputs.Contains(squares.Inputs[0]) || product.Inputs[0] == product.Inputs[1]) return false;
        Extent kernel = means.Pair("kernel_shape", 1);
        int size = kernel.Height, border = (size - 1) / 2;
        if (kernel.Width != size || size % 2 == 0 || means.Pair("strides", 1) != (Extent)1 || means.Pads() != (border, border) || means.Integer("count_include_pad", 0) == 0) return false;
        Value x = Plane(squares, 0);
        Node made = x.Node.LrnWithin(Named(product.Outputs.FirstOrDefault("")), size, alpha.Floats()[0], -beta.Floats()[0]);
        foreach (OnnxNode part in (OnnxNode[])[means, scaled, raised, powers, product]) done.Add(part);
        Set(product, made, isFlat: false);
        return true;
    }

    private void ReadBatchNormalization(OnnxNode node)
    {
        Value x = Whole(node, 0);
        if (x.IsFlat && !x.IsVector) throw node.Wrong("reads a flat value that had height and width, which is not read");
        if (node.Integer("training_mode", 0) != 0) throw node.Wrong("is in training; export the model as it is tested");
        OnnxConstant weight = ConstantOf(node, 1), bias = ConstantOf(node, 2), mean = ConstantOf(node, 3), variance = ConstantOf(node, 4);
        string output = node.Outputs.FirstOrDefault("");
        // Nothing but the normalization: no scale stands for it.
        bool isBare = node.Name == output && weight.Floats().All(w => w == 1) && bias.Floats().All(b => b == 0);
        Node normalized = x.Node.BatchNorm(Named(isBare || node.Name.Length == 0 || node.Name == output ? isBare ? output : $"{output}/norm" : node.Name), node.Float("epsilon", 1e-5f));
        Keep(node, normalized, "mean_sum", mean);
        Keep(node, normalized, "variance_sum", variance);
        Keep(normalized, "count", [1], () => [1]);
        if (isBare)
        {
            Set(node, normalized, x.IsFlat);
            return;
        }
        Node scale = normalized.Scale(Named(output));
        Keep(node, scale, "weight", weight);
        Keep(node, scale, "bias", bias);
        Set(node, scale, x.IsFlat);
    }
}
