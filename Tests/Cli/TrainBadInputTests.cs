using EvenNet.Cli;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests.Cli;

/// <summary>What can be wrong with a training's input: each is told with the file or option, and nothing that was there is lost.</summary>
public sealed class TrainBadInputTests
{
    private TemporaryFolder folder = null!;

    [SetUp]
    public void MakeFolder() => folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    [TestCase("--policy step", "--policy step needs --step")]
    [TestCase("--policy steps", "--policy steps needs --at")]
    [TestCase("--policy sigmoid", "--policy sigmoid needs --middle")]
    [TestCase("--policy linear", "--policy: there is no linear; did you mean")]
    [TestCase("--monitor map", "--monitor map: what is measured on", "is top1, top5, loss")]
    [TestCase("--test-split none --monitor top1", "--monitor top1: there are no data to judge on; give --test-split")]
    [TestCase("--test-split none --patience 2", "--patience 2: there are no data to judge on")]
    [TestCase("--crops 3", "--crops 3: such pictures are judged by 1 view, the middle, or by 10")]
    [TestCase("--eval-crops 3", "--eval-crops 3: such pictures")]
    [TestCase("--eval-every -1", "--eval-every must be at least 0, got -1")]
    [TestCase("--iterations 0", "--iterations must be at least 1, got 0")]
    [TestCase("--batch 0", "--batch must be at least 1, got 0")]
    [TestCase("--rate -1", "--rate must lie between 0 and")]
    [TestCase("--rate fast", "fast")]
    [TestCase("--momentum 1.5", "--momentum must lie between 0 and 1, got 1.5")]
    [TestCase("--solver sdg", "--solver: there is no sdg; did you mean sgd?")]
    [TestCase("--skip conv1", "--skip leaves layers out of a file: give --weights FILE with it")]
    [TestCase("--dry-run --find-rate", "--dry-run and --find-rate exclude each other")]
    [TestCase("--name x --resume last", "--name: a resumed run keeps its name")]
    [TestCase("--split train --split test", "--split")]
    public void A_wrong_or_contradictory_option_is_told_before_a_run_is_made(string options, params string[] messages)
    {
        string cifar = TrainingFolders.Cifar(folder["cifar"]);
        ToolRun.Of(["train", "cifar10", "--cifar10", cifar, "--init", "msra", "--init-count", "4", "--runs", folder["runs"], .. options.Split(' ')]).MustFail(ExitCode.Usage, messages);
        Assert.That(Directory.Exists(folder["runs"]), Is.False);
    }

    [Test]
    public void Missing_folders_and_files_come_with_a_guess()
    {
        TrainingFolders.Cifar(folder["cifar"]);
        TrainingFolders.Idx(folder["digits"]);
        TrainingFolders.Folders(folder["pictures"], ("train", ["cat", "dog"], 1));
        TrainingFolders.Voc(folder["VOCdevkit"]);
        File.WriteAllText(folder["list.txt"], "a.png 0\n");
        void Missing(string kind, string place, params string[] messages) => ToolRun.Of("train", kind, $"--{kind}", folder[place], "--runs", folder["runs"]).MustFail(ExitCode.Data, [folder[place], .. messages]);
        Missing("cifar10", "cifer", $"Did you mean {folder["cifar"]}?");
        Missing("cifar10", "digits", "No CIFAR data in");
        Missing("cifar100", "cifar", "there is no train.bin");
        Missing("idx", "digit", $"There is no folder {folder["digit"]}", $"Did you mean {folder["digits"]}?");
        Missing("idx", "cifar", "has no train-images-idx3-ubyte");
        Missing("folder", "picture", $"Did you mean {folder["pictures"]}?");
        Missing("list", "lst.txt", $"Did you mean {folder["list.txt"]}?");
        Missing("list", "cifar", "is a folder, not a list file");
        Missing("voc", "VOCdevki", $"Did you mean {folder["VOCdevkit"]}?");
        Missing("voc", "cifar", "No VOC data in");
        ToolRun.Of("train", "folder", "--folder", folder["pictures"], "--split", "trian").MustFail(ExitCode.Data, "There is no folder", $"Did you mean {folder["pictures/train"]}?");
        ToolRun.Of("train", "voc", "--voc", folder["VOCdevkit"], "--test-split", "val").MustFail(ExitCode.Data, "has no split val; it has test, trainval");
        ToolRun.Of("train", "cifar10", "--cifar10", folder["cifar"], "--weights", folder["runs/x"]).MustFail(ExitCode.Data, "there is no such file or folder");
        Assert.That(Directory.Exists(folder["runs"]), Is.False);
    }

    [Test]
    public void Labels_that_do_not_match_name_the_line_the_folder_or_the_record()
    {
        string pictures = TrainingFolders.Folders(folder["pictures"], ("train", ["cat", "dog"], 2), ("val", ["cat", "dgo"], 1));
        ToolRun.Of("train", "folder", "--folder", pictures, "--split", "train", "--test-split", "val").MustFail(ExitCode.Data, Path.Combine(pictures, "val", "dgo"), "is none of the 2 classes; did you mean dog?");

        string picture = Directory.GetFiles(Path.Combine(pictures, "train", "cat"))[0];
        File.WriteAllText(folder["train.txt"], $"{picture} 0\n{picture} 1\n");
        File.WriteAllText(folder["test.txt"], $"# judged\n{picture} 2\n");
        ToolRun.Of("train", "list", "--list", folder["train.txt"], "--test-list", folder["test.txt"]).MustFail(ExitCode.Data, $"{folder["test.txt"]}, line 2: class 2, but the 2 classes are 0 … 1");

        string cifar = TrainingFolders.Cifar(folder["cifar"]), file = Path.Combine(cifar, "data_batch_1.bin");
        byte[] records = File.ReadAllBytes(file);
        records[3073 * 3] = 11;
        File.WriteAllBytes(file, records);
        ToolRun.Of("train", "cifar10", "--cifar10", cifar).MustFail(ExitCode.Data, $"{file}, record 3: class 11, but the 10 classes are 0 … 9");
        File.WriteAllBytes(file, records[..^7]);
        ToolRun.Of("train", "cifar10", "--cifar10", cifar).MustFail(ExitCode.Data, file, "cut off or no CIFAR file");
    }

    [Test]
    public void A_box_outside_its_picture_and_a_missing_picture_of_Voc_name_the_file()
    {
        string voc = TrainingFolders.Voc(folder["VOCdevkit"]), xml = Path.Combine(voc, "VOC2007", "Annotations", "000002.xml"), good = File.ReadAllText(xml);
        File.WriteAllText(xml, good.Replace("<xmax>50</xmax>", "<xmax>51</xmax>", StringComparison.Ordinal));
        ToolRun.Of("train", "voc", "--voc", voc, "--runs", folder["runs"]).MustFail(ExitCode.Data, $"{xml}, object 1 (bicycle): xmax 51 is above 50; the picture is 50×40");
        File.WriteAllText(xml, good);
        File.Delete(Path.Combine(voc, "VOC2007", "JPEGImages", "000003.jpg"));
        ToolRun.Of("train", "voc", "--voc", voc, "--runs", folder["runs"]).MustFail(ExitCode.Data, "000003.jpg");
        Assert.That(Directory.Exists(folder["runs"]), Is.False);
    }

    [Test]
    public void A_picture_that_a_list_names_and_is_not_there_is_told_at_once()
    {
        string pictures = TrainingFolders.Folders(folder["pictures"], ("train", ["cat", "dog"], 2)), gone = Path.Combine(pictures, "train", "dog", "picture-01.png");
        File.WriteAllLines(folder["list.txt"], Directory.GetFiles(pictures, "*.png", SearchOption.AllDirectories).Select(p => $"{p} 0"));
        File.Delete(gone);
        ToolRun.Of("train", "list", "--list", folder["list.txt"], "--net", "cifar10_quick", "--runs", folder["runs"]).MustFail(ExitCode.Data, gone, folder["list.txt"]);
        Assert.That(Directory.Exists(folder["runs"]), Is.False);
    }

    // Found when its turn comes, in the middle of the run: all steps before it are kept, and when the picture is mended the run goes on as if nothing had been.
    [Test]
    public void A_broken_picture_ends_the_run_with_the_state_of_the_last_step()
    {
        string pictures = TrainingFolders.Folders(folder["pictures"], ("train", ["cat", "dog"], 8));
        string[] line = ["train", "folder", "--folder", pictures, "--split", "train", "--net", "cifar10_quick", "--scale", "0.01", "--batch", "2", "--init", "msra", "--init-count", "1", "--iterations", "7", "--policy", "fixed"];
        Assert.That(ToolRun.Of([.. line, "--runs", folder["whole"]]).ExitCode, Is.Zero);
        // The first sample of the fifth batch.
        string victim = Order(pictures, seed: 1)[8];
        byte[] good = File.ReadAllBytes(victim);
        File.WriteAllBytes(victim, good[..^200]);
        ToolRun.Of([.. line, "--runs", folder["broken"]]).MustFail(ExitCode.Data, victim);
        RunFiles files = RunFiles.Newest(folder["broken"])!;
        RunRecord record = RunRecord.Read(files.Folder);
        Assert.That((record.Outcome, record.Sessions[0].LastIteration), Is.EqualTo((RunOutcome.Failed, (int?)4)));
        Assert.That(record.Sessions[0].Message, Does.Contain(victim));
        Assert.That(CheckpointFolder.IterationOf(CheckpointFolder.Resolve(files.Folder)), Is.EqualTo(4));
        File.WriteAllBytes(victim, good);
        ToolRun resumed = ToolRun.Of("train", "folder", "--resume", files.Folder);
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Error);
        Assert.That(File.ReadAllBytes(CheckpointFolder.Resolve(files.Folder)), Is.EqualTo(File.ReadAllBytes(CheckpointFolder.Resolve(RunFiles.Newest(folder["whole"])!.Folder))));
    }

    [Test]
    public void A_run_is_resumed_as_it_was_begun()
    {
        string cifar = TrainingFolders.Cifar(folder["cifar"]), run = Begin(cifar, "--iterations", "3");
        byte[] before = File.ReadAllBytes(CheckpointFolder.Resolve(run));
        void Refused(int code, string options, params string[] messages) => ToolRun.Of(["train", "cifar10", "--resume", run, .. options.Split(' ')]).MustFail(code, messages);
        Refused(ExitCode.Usage, "--rate 0.5", "--rate 0.5: the run was begun with 0.01", "to begin a new one from its weights give --weights RUN");
        Refused(ExitCode.Usage, "--step 7", "--step 7: the run was begun with not given");
        Refused(ExitCode.Usage, "--no-mirror", "--no-mirror true");
        Refused(ExitCode.Usage, "--net lenet", "--net lenet: the run was begun with cifar10_quick");
        Refused(ExitCode.Usage, "--iterations 9", "--iterations 9: the rate of this run falls until iteration 3 (--policy cosine)");
        ToolRun.Of("train", "idx", "--resume", run).MustFail(ExitCode.Usage, "is a run on other data: evennet train cifar10 --resume");
        ToolRun.Of("train", "cifar10", "--resume", folder["none"]).MustFail(ExitCode.Data, "there is no such folder");
        ToolRun.Of("train", "cifar10", "--resume", cifar).MustFail(ExitCode.Data, $"--resume {cifar}: the folder has no run.json, so it is no run");
        Assert.That(File.Exists(Path.Combine(cifar, RunLock.FileName)), Is.False);
        ToolRun.Of("train", "cifar10", "--resume", "last", "--runs", folder["none"]).MustFail(ExitCode.Data, "there is no run in", "--runs DIR");
        Assert.That(File.ReadAllBytes(CheckpointFolder.Resolve(run)), Is.EqualTo(before));
        // The same said otherwise, and what changes no step, is no change.
        Assert.That(ToolRun.Of("train", "cifar10", "--resume", run, "--rate", "1e-2", "--eval-every", "1", "--log-every", "2").ExitCode, Is.Zero);
    }

    [Test]
    public void Data_may_move_but_not_change()
    {
        string cifar = TrainingFolders.Cifar(folder["cifar"]), run = Begin(cifar, "--iterations", "2", "--policy", "fixed");
        Directory.Move(cifar, folder["elsewhere"]);
        string record = Path.Combine(run, RunRecord.FileName), text = File.ReadAllText(record);
        File.WriteAllText(record, text.Replace("\"momentum\": \"0.9\"", "\"momentum\": \"0.8\"", StringComparison.Ordinal));
        ToolRun.Of("train", "cifar10", "--resume", run, "--cifar10", folder["elsewhere"]).MustFail(ExitCode.Data, "last.safetensors", "was made with other settings than run.json");
        File.WriteAllText(record, text);
        ToolRun.Of("train", "cifar10", "--resume", run).MustFail(ExitCode.Data, $"There is no folder {cifar}");
        Assert.That(ToolRun.Of("train", "cifar10", "--resume", run, "--cifar10", folder["elsewhere"], "--iterations", "3").ExitCode, Is.Zero);
        TrainingFolders.Cifar(folder["elsewhere"], training: 30);
        ToolRun.Of("train", "cifar10", "--resume", run, "--iterations", "4").MustFail(ExitCode.Data, "last.safetensors", "was written by a run on 40 samples", "has 30 now");
    }

    [Test]
    public void Checkpoints_of_other_nets_or_solvers_and_broken_ones_are_refused_and_left_alone()
    {
        string cifar = TrainingFolders.Cifar(folder["cifar"]), sgd = Begin(cifar, "--iterations", "2"), adam = Begin(cifar, "--iterations", "2", "--solver", "adam");
        string idx = TrainingFolders.Idx(folder["idx"]);
        ToolRun.Of("train", "idx", "--idx", idx, "--weights", sgd, "--runs", folder["none"]).MustFail(ExitCode.Data, CheckpointFolder.Resolve(sgd), "does not fit this net", "conv1.weight is 32×3×5×5 in the file and 20×1×5×5 in the net", "--skip LAYER");
        ToolRun.Of("eval", "idx", "--idx", idx, "--weights", sgd, "--net", "lenet").MustFail(ExitCode.Data, "does not fit this net", "--net");
        string last = CheckpointFolder.Resolve(sgd);
        byte[] good = File.ReadAllBytes(last);
        void Refused(byte[] content, params string[] messages)
        {
            File.WriteAllBytes(last, content);
            ToolRun.Of("train", "cifar10", "--resume", sgd).MustFail(ExitCode.Data, [last, .. messages]);
            Assert.That(File.ReadAllBytes(last), Is.EqualTo(content));
        }
        Refused(File.ReadAllBytes(CheckpointFolder.Resolve(adam)), "holds the state of the solver adam, not of sgd");
        Refused(good[..^100], "cut off");
        Refused([.. good[..8], (byte)'x', .. good[9..]], last);
        using (Backend backend = Backends.Open("cpu"))
        using (var parameters = new ParameterSet(Models.Nets.Find("cifar10_quick").Graph(10), backend))
        {
            Checkpoint.Save(parameters, folder["weights"], new Dictionary<string, string> { ["iteration"] = "2" });
        }
        Refused(File.ReadAllBytes(folder["weights"]), "it holds weights, but not the state of a run");
        File.WriteAllBytes(last, good);
        Assert.That(ToolRun.Of("train", "cifar10", "--resume", sgd).ExitCode, Is.Zero);
    }

    // Room for one checkpoint and a half: the second cannot be written beside the first.
    [Test]
    public void A_disk_that_fills_up_keeps_the_earlier_checkpoint()
    {
        string cifar = TrainingFolders.Cifar(folder["cifar"]), disk = folder["disk"];
        Directory.CreateDirectory(disk);
        using var small = SmallDisk.Mount(disk, "1900k");
        string[] line = [.. Line(cifar), "--iterations", "6", "--test-split", "none", "--save-every", "2", "--runs", disk];
        ToolRun failed = ToolRun.Of(line);
        string run = RunFiles.Newest(disk)!.Folder, last = CheckpointFolder.Resolve(run);
        failed.MustFail(ExitCode.Data, $"Cannot write {last}", "The file that was there is unchanged");
        Assert.That(CheckpointFolder.IterationOf(last), Is.EqualTo(2));
        Assert.That(Directory.GetFiles(Path.Combine(run, "checkpoints"), "*", new EnumerationOptions { AttributesToSkip = 0 }), Is.EqualTo(new[] { last }));
        Assert.That(RunRecord.Read(run).Outcome, Is.EqualTo(RunOutcome.Failed));

        // Full to the last byte: not even metrics can be written, and the error is about the file that could not be.
        File.WriteAllBytes(Path.Combine(disk, "filler"), []);
        using (var filler = new FileStream(Path.Combine(disk, "filler"), FileMode.Open))
        {
            try
            {
                for (byte[] page = new byte[4096]; ;) { filler.Write(page); filler.Flush(); }
            }
            catch (IOException)
            {
                // Full.
            }
        }
        ToolRun resumed = ToolRun.Of("train", "cifar10", "--resume", run);
        resumed.MustFail(ExitCode.Data, run);
        Assert.That(CheckpointFolder.IterationOf(last), Is.EqualTo(2));

        // On a larger disk it goes on as if nothing had been.
        Copy(run, folder["moved"]);
        Assert.That(ToolRun.Of("train", "cifar10", "--resume", folder["moved"]).ExitCode, Is.Zero);
        string whole = Begin(cifar, "--iterations", "6", "--test-split", "none");
        Assert.That(File.ReadAllBytes(CheckpointFolder.Resolve(folder["moved"])), Is.EqualTo(File.ReadAllBytes(CheckpointFolder.Resolve(whole))));
    }

    [Test]
    public void A_run_without_a_checkpoint_begins_again()
    {
        string cifar = TrainingFolders.Cifar(folder["cifar"]), run = Begin(cifar, "--iterations", "3");
        byte[] expected = File.ReadAllBytes(CheckpointFolder.Resolve(run));
        Directory.Delete(new RunFiles(run).Checkpoints, recursive: true);
        ToolRun again = ToolRun.Of("train", "cifar10", "--resume", run);
        Assert.That(again.ExitCode, Is.Zero, again.Error);
        Assert.That(again.Error, Does.Contain("no checkpoint yet: it begins from the start"));
        Assert.That(File.ReadAllBytes(CheckpointFolder.Resolve(run)), Is.EqualTo(expected));
    }

    private static string[] Line(string cifar) => ["train", "cifar10", "--cifar10", cifar, "--batch", "5", "--init", "msra", "--init-count", "5", "--rate", "0.01", "--scale", "0.01"];

    private string Begin(string cifar, params string[] options)
    {
        ToolRun run = ToolRun.Of([.. Line(cifar), "--runs", folder["runs"], .. options]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return RunFiles.Newest(folder["runs"])!.Folder;
    }

    // The files of a folder's pictures in the order in which the first epoch takes them.
    private static string[] Order(string pictures, ulong seed)
    {
        var data = FolderDataset.Open(pictures, new ImageFiles(), "train");
        int[] order = [.. Enumerable.Range(0, data.Count)];
        new Philox(seed, RandomPurpose.Order).Shuffle(order.AsSpan());
        return [.. order.Select(data.NameOf)];
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
