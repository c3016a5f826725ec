namespace EvenNet.Framework;

/// <summary>
/// Places what a plan keeps in one arena. One timeline, forward then backward in reverse; each block lives from its first write to its
/// last read; largest first, each at the lowest offset that is free over its whole life. Parts of a value live in its block, which lives as
/// long as any of them.
/// </summary>
internal sealed class MemoryPlan
{
    private const int Alignment = 16;
    private readonly Dictionary<(object Owner, Role Role), Block> blocks = [];
    private readonly bool share;

    private enum Role
    {
        Value,
        Gradient,
        Saved,
    }

    public MemoryPlan(Plan plan, int batch, NetOptions options)
    {
        share = options.ShareMemory;
        int forward = plan.Steps.Count, end = options.Backward ? 2 * forward : forward;
        int Back(PlanStep step) => 2 * forward - 1 - step.Index;
        // A node's step may be repeated (the initializers set weights and run it again), and begins with its reorders: what those read stays.
        Dictionary<Node, int> lastStep = [];
        foreach (PlanStep s in plan.Steps) lastStep[s.Node] = s.Index;
        foreach (PlanValue v in plan.Values)
        {
            int made = v.Maker?.Index ?? 0;
            bool stays = v.Maker is null || v.Readers.Count == 0 || v.Node.Layer is ILoss || options.Observe.Contains(v.Node)
                || plan.Outputs.Contains(v.Node);
            int last = stays ? end - 1 : v.Readers.Max(r => lastStep[r.Node]);
            if (options.Backward)
            {
                foreach (PlanStep reader in v.Readers)
                    if (reader.Offer.Keeps.HasFlag(BackwardReads.Inputs)) last = Math.Max(last, Back(reader));
                if (v.Maker is { } maker && maker.Offer.Keeps.HasFlag(BackwardReads.Output)) last = Math.Max(last, Back(maker));
            }
            Add(Whole(v), Role.Value, (long)batch * v.Node.Multiplicity * v.Layout.SampleCount(v.Node.Shape), v.Maker is null ? 0 : made, last);
            if (v.NeedsGradient)
            {
                int first = v.FirstWriter is { } writer ? Back(writer) : forward;
                Add(GradientWhole(v), Role.Gradient, (long)batch * v.Node.Multiplicity * v.GradientLayout.SampleCount(v.Node.Shape), first, v.Maker is { } m ? Back(m) : end - 1);
            }
        }
        foreach (PlanStep s in plan.Steps)
        {
            Scratch = Math.Max(Scratch, s.Offer.Scratch);
            if (s.Offer.Saved > 0) Add(s, Role.Saved, s.Offer.Saved, s.Index, options.Backward ? Back(s) : s.Index);
        }
        Place();
    }

    /// <summary>Elements of the arena.</summary>
    public long Arena { get; private set; }

    /// <summary>Elements that a buffer each would take.</summary>
    public long Separate => blocks.Values.Sum(b => b.Size);

    /// <summary>Elements of the largest kernel's workspace.</summary>
    public long Scratch { get; }

    public Tensor Value(PlanValue value, int batch, Storage arena)
    {
        Region region = value.Whole is { } whole
            ? Part(Value(whole, batch, arena), value)
            : At((value, Role.Value), arena);
        return new Tensor(region, batch * value.Node.Multiplicity, value.Node.Shape, value.Layout, value.SampleStride);
    }

    public Tensor Gradient(PlanValue value, int batch, Storage arena)
    {
        Region region = value.GradientWhole is { } whole
            ? Part(Gradient(whole, batch, arena), value)
            : At((value, Role.Gradient), arena);
        return new Tensor(region, batch * value.Node.Multiplicity, value.Node.Shape, value.GradientLayout, value.GradientStride);
    }

    public Region Saved(PlanStep step, Storage arena) => step.Offer.Saved > 0 ? At((step, Role.Saved), arena) : new Region(arena, 0, 0);

    private static PlanValue Whole(PlanValue value) => value.Whole is { } whole ? Whole(whole) : value;

    private static PlanValue GradientWhole(PlanValue value) => value.GradientWhole is { } whole ? GradientWhole(whole) : value;

    private static Region Part(Tensor whole, PlanValue part) => whole.Region.Slice(
        part.PartOffset(whole.Layout), (whole.Batch - 1) * whole.SampleStride + whole.Layout.SampleCount(part.Node.Shape));

    private Region At((object, Role) key, Storage arena) => new(arena, blocks[key].Offset, blocks[key].Size);

    private void Add(object owner, Role role, long size, int from, int to)
    {
        if (!share) (from, to) = (0, int.MaxValue);
        if (!blocks.TryGetValue((owner, role), out Block? block)) blocks[(owner, role)] = block = new Block(size, from, to);
        (block.Size, block.From, block.To) = (Math.Max(block.Size, size), Math.Min(block.From, from), Math.Max(block.To, to));
    }

    private void Place()
    {
        var placed = new List<Block>();
        foreach (Block block in blocks.Values.OrderByDescending(b => b.Size))
        {
            foreach (Block other in placed)
            {
                if (other.To < block.From || block.To < other.From) continue;
                if (block.Offset + block.Size <= other.Offset) break;
                block.Offset = Math.Max(block.Offset, (other.Offset + other.Size + Alignment - 1) / Alignment * Alignment);
            }
            // Kept in order of offset, so that the loop above meets the gaps from below.
            int at = placed.FindIndex(b => b.Offset > block.Offset);
            placed.Insert(at < 0 ? placed.Count : at, block);
            Arena = Math.Max(Arena, block.Offset + block.Size);
        }
    }

    private sealed class Block(long size, int from, int to)
    {
        public long Size { get; set; } = size;
        public int From { get; set; } = from;
        public int To { get; set; } = to;
        public long Offset { get; set; }
    }
}
