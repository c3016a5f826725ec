using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace EvenNet.Tests;

/// <summary>ONNX Runtime in a process of node: somebody else's reading of what is exported. npm's package onnxruntime-node is found as node finds packages, by NODE_PATH.</summary>
internal sealed class OnnxRuntime : IDisposable
{
    // A line of JSON in, a line of JSON out; tensors go through files.
    private const string Program = """
        const runtime = require('onnxruntime-node'), fs = require('fs');
        console.log('ready');
        const lines = require('readline').createInterface({ input: process.stdin });
        (async () => {
          for await (const line of lines) {
            try {
              const job = JSON.parse(line), feeds = {}, made = {};
              const session = await runtime.InferenceSession.create(job.model, { intraOpNumThreads: 2, logSeverityLevel: 3 });
              for (const [name, input] of Object.entries(job.inputs))
                feeds[name] = new runtime.Tensor('float32', new Float32Array(new Uint8Array(fs.readFileSync(input.file)).buffer), input.sizes);
              const results = await session.run(feeds);
              let count = 0;
              for (const name of session.outputNames) {
                const tensor = results[name], file = `${job.folder}/output${count++}`;
                fs.writeFileSync(file, Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
                made[name] = { file, sizes: tensor.dims };
              }
              if (session.release) await session.release();
              console.log(JSON.stringify({ outputs: made }));
            } catch (error) { console.log(JSON.stringify({ error: String(error) })); }
          }
        })();
        """;

    private readonly Process node;
    private readonly TemporaryFolder folder = new();

    private OnnxRuntime(Process node) => this.node = node;

    /// <summary>Starts it; or says why it cannot be.</summary>
    public static OnnxRuntime? Start(out string missing)
    {
        try
        {
            missing = "npm's package onnxruntime-node is not installed where node looks (NODE_PATH)";
            var node = Process.Start(new ProcessStartInfo("node", ["-e", Program]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
            if (node.StandardOutput.ReadLine() == "ready")
            {
                node.BeginErrorReadLine();
                return new OnnxRuntime(node);
            }
            node.Dispose();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            missing = "there is no node on the path, which runs ONNX Runtime";
        }
        return null;
    }

    /// <summary>Runs a model: values by the names of inputs, sizes with the batch first.</summary>
    public Dictionary<string, (int[] Sizes, double[] Values)> Run(string model, IReadOnlyDictionary<string, (int[] Sizes, double[] Values)> inputs)
    {
        var files = new Dictionary<string, object>();
        foreach ((string name, (int[] sizes, double[] values)) in inputs)
        {
            string file = folder[$"input{files.Count}"];
            float[] floats = [.. values.Select(v => (float)v)];
            File.WriteAllBytes(file, MemoryMarshal.AsBytes(floats.AsSpan()).ToArray());
            files[name] = new { file, sizes };
        }
        node.StandardInput.WriteLine(JsonSerializer.Serialize(new { model, folder = folder.Path, inputs = files }));
        node.StandardInput.Flush();
        using JsonDocument answer = JsonDocument.Parse(node.StandardOutput.ReadLine() ?? throw new InvalidOperationException("node has ended"));
        if (answer.RootElement.TryGetProperty("error", out JsonElement error)) Assert.Fail($"ONNX Runtime: {error.GetString()}");
        var outputs = new Dictionary<string, (int[], double[])>();
        foreach (JsonProperty output in answer.RootElement.GetProperty("outputs").EnumerateObject())
        {
            byte[] bytes = File.ReadAllBytes(output.Value.GetProperty("file").GetString()!);
            double[] values = [.. MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(v => (double)v)];
            outputs[output.Name] = ([.. output.Value.GetProperty("sizes").EnumerateArray().Select(s => int.Parse(s.ToString(), CultureInfo.InvariantCulture))], values);
        }
        return outputs;
    }

    public void Dispose()
    {
        node.StandardInput.Close();
        if (!node.WaitForExit(5000)) node.Kill();
        node.Dispose();
        folder.Dispose();
    }
}
