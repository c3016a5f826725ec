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
            OnnxConstant number = ConstantOf(node, 1 - at);
            Value value = Raw(node, at);
            bool subtracts = node.Operator == "Sub";
            if (IsNumber(number, value) && !value.IsPadded)
            {
                float shift = number.Floats()[0];
                Set(node, subtracts && at == 1 ? value with { Factor = -value.Factor, Shift = shift - value.Shift } : value with { Shift = subtracts ? value.Shift - shift : value.Shift + shift });
                return;
            }
            if (subtracts && at == 1) throw node.Wrong("subtracts from constants that differ, which is not read");
            value = Whole(node, at);
            RequireChannels(node, number, value);
            Node made = value.Node.Bias(LayerName(node, node.Inputs[1 - at], ".bias"));
            Keep(node, made, "bias", number, () => Times(number.Floats(), subtracts ? -1 : 1));
            Set(node, made, value.IsFlat);
            return;
        }
        Value[] parts = [.. Enumerable.Range(0, node.Inputs.Count).Select(i => Raw(node, i))];
        if (parts.Any(p => p.IsPadded)) throw node.Wrong("reads a padded value; padding is read before convolutions and poolings");
        for (int i = 0; i < parts.Length; i++)
            if (parts[i].Shift != 0) parts[i] = Whole(node, i);
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
            if (IsNumber(factors, x) && !x.IsPadded)
            {
                float factor = divides ? 1 / factors.Floats()[0] : factors.Floats()[0];
                Set(node, x with { Factor = x.Factor * factor, Shift = x.Shift * factor });
                return;
            }
            OnnxNode? sum = Follower(node, "Add", out OnnxConstant? bias);
            if (sum is not null) done.Add(sum);
            ScaleOf(node, Whole(node, at), factors, divides, sum is null ? null : bias, sum ?? node);
            return;
        }
        if (node.Operator == "Div") throw node.Wrong("divides one value by another, which is not read");
        if (IsWithin(node) || IsSwish(node)) return;
        Combine(node, EltwiseKind.Product);
    }

    private void Combine(OnnxNode node, EltwiseKind kind)
    {
        Value[] parts = [.. Enumerable.Range(0, node.Inputs.Count).Select(i => Whole(node, i))];
        bool isFlat = AllFlat(node, parts);
        if (parts.Length == 1) Set(node, parts[0]);
        else Set(node, new Node(Named(node.Outputs.FirstOrDefault("")), new Eltwise(kind), [.. parts.Select(p => p.Node)]), isFlat);
    }

    private static bool IsNumber(OnnxConstant constant, Value x) => constant.Count == 1 && constant.Shape.Count <= (x.IsFlat ? 2 : 4);

    // One factor for each channel, and what is added then.
    private void ScaleOf(OnnxNode node, Value x, OnnxConstant factors, bool divides, OnnxConstant? bias, OnnxNode last)
    {
        int channels = x.Node.Shape.Channels;
        RequireChannels(node, factors, x);
        if (bias is { Count: not 1 }) RequireChannels(last, bias, x);
        Node made = x.Node.Scale(LayerName(last, node.Inputs.First(IsConstant), ".weight"), bias: bias is not null);
        Keep(made, "weight", [channels], () => divides ? [.. factors.Floats().Select(f => 1 / f)] : factors.Floats());
        if (bias is not null) Keep(made, "bias", [channels], () => Spread(bias.Floats(), channels));
        Set(last, made, x.IsFlat);
    }

    // x · σ(βx).
    private bool IsSwish(OnnxNode node)
    {
        if (node.Inputs.Count != 2 || !node.Inputs.All(values.ContainsKey)) return false;
        for (int i = 0; i < 2; i++)
        {
            (Value x, Value gate) = (values[node.Inputs[i]], values[node.Inputs[1 - i]]);
            if (x is not { Factor: 1, Shift: 0, IsPadded: false } || gate is not { Factor: 1, Shift: 0 } || gate.Node.Layer is not Sigmoid || x.IsFlat != gate.IsFlat) continue;
            Node inner = gate.Node.Inputs[0];
            float? beta = inner == x.Node ? 1 : inner.Layer is Power { Exponent: 1, Shift: 0 } multiple && inner.Inputs[0] == x.Node ? multiple.Factor : null;
            if (beta is null) continue;
            Set(node, x.Node.Swish(Named(node.Outputs.FirstOrDefault("")), beta.Value), x.IsFlat);
            return true;
        }
        return false;
    }

    private static float[] Spread(float[] values, int count) => values.Length == count ? values : Repeated(count, values[0])();

    // y = x · (1 + α · mean of x² over the window)^−β, written out: x·x, its means, times α, plus one, to the power −β, times x.
    private bool IsWithin(OnnxNode squares)
    {
        if (squares.Inputs.Count != 2 || squares.Inputs[0] != squares.Inputs[1] || squares.Outputs.Count != 1) return false;
        if (OnlyReader(squares.Outputs[0]) is not { Operator: "AveragePool", Outputs.Count: 1 } means) return false;
        if (Follower(means, "Mul", out OnnxConstant? alpha) is not { } scaled || Follower(scaled, "Add", out OnnxConstant? one) is not { } raised) return false;
        if (Follower(raised, "Pow", out OnnxConstant? beta) is not { } powers || powers.Inputs[0] != raised.Outputs[0] || powers.Outputs.Count != 1) return false;
        if (alpha is not { Count: 1 } || beta is not { Count: 1 } || one is not { Count: 1 } || one.Floats()[0] != 1) return false;
        if (OnlyReader(powers.Outputs[0]) is not { Operator: "Mul" } product) return false;
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
