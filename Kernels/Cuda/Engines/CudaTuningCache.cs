using System.Text.Json;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// Which way was the fastest, kept in a file: for each device with its driver and libraries, by what was asked. A file that cannot be read counts as empty
/// and is written anew; writing replaces it as a whole, with what other processes have put there meanwhile.
/// </summary>
/// <param name="path">The file; null keeps nothing.</param>
/// <param name="device">Device, driver and versions, under which the choices stand.</param>
internal sealed class CudaTuningCache(string? path, string device)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private Dictionary<string, string>? choices;
    private bool isReadOnly;

    /// <summary>Where choices are kept unless told otherwise: «evennet/cuda/engines.json» among the user's local data; null where the system names no place.</summary>
    public static string? DefaultPath
    {
        get
        {
            string folder = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
            return folder.Length == 0 ? null : Path.Combine(folder, "evennet", "cuda", "engines.json");
        }
    }

    /// <summary>What was chosen for a question, or null.</summary>
    public string? Find(string question) => (choices ??= Read().GetValueOrDefault(device) ?? []).GetValueOrDefault(question);

    /// <summary>Takes a choice down. Says why the file could not be written, the first time.</summary>
    public string? Add(string question, string choice)
    {
        Dictionary<string, Dictionary<string, string>> all = Read();
        Dictionary<string, string> known = all.GetValueOrDefault(device) ?? [];
        foreach ((string key, string value) in choices ?? []) known.TryAdd(key, value);
        known[question] = choice;
        all[device] = choices = known;
        return path is null || isReadOnly ? null : Write(all, path);
    }

    private Dictionary<string, Dictionary<string, string>> Read()
    {
        if (path is null || !File.Exists(path)) return [];
        try
        {
            Dictionary<string, Dictionary<string, string>?>? all = JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, string>?>>(File.ReadAllBytes(path));
            return all?.Where(e => e.Value is not null).ToDictionary(e => e.Key, e => e.Value!) ?? [];
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private string? Write(Dictionary<string, Dictionary<string, string>> all, string file)
    {
        string temporary = $"{file}.{Environment.ProcessId}";
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder) Directory.CreateDirectory(folder);
            using (FileStream stream = File.Create(temporary))
            {
                JsonSerializer.Serialize(stream, all, Indented);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, file, overwrite: true);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            isReadOnly = true;
            return $"which of CUDA's algorithms are fastest cannot be kept in {file} ({error.Message}): they are measured again in each run";
        }
    }
}
