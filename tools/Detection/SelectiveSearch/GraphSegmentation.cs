namespace EvenNet.Detection;

/// <summary>
/// Segmentation of a picture as a graph (Felzenszwalb and Huttenlocher, Efficient graph-based image segmentation, IJCV 2004): pixels are joined along the
/// edges to their eight neighbours, the smallest colour difference first, where the difference is no larger than what either side has inside plus k over its size.
/// </summary>
internal static class GraphSegmentation
{
    // Keys are sorted by so many bits at a time.
    private const int DigitBits = 11, DigitValues = 1 << DigitBits;

    /// <summary>The region of each pixel, height × width, numbered from 0 in the order of their first pixels, and how many there are.</summary>
    /// <param name="planes">Three planes of colours, smoothed already.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="k">Larger makes larger regions.</param>
    /// <param name="leastSize">Smaller regions are joined to a neighbour, in pixels.</param>
    public static (int[] Regions, int Count) Run(ReadOnlySpan<float> planes, int width, int height, float k, int leastSize)
    {
        (int[] from, int[] to, float[] weights) = Edges(planes, width, height);
        int[] order = Order(weights);
        var sets = new PixelSets(width * height, k);
        foreach (int edge in order) sets.JoinSimilar(from[edge], to[edge], weights[edge]);
        foreach (int edge in order) sets.JoinSmall(from[edge], to[edge], leastSize);
        return sets.Number();
    }

    private static (int[] From, int[] To, float[] Weights) Edges(ReadOnlySpan<float> planes, int width, int height)
    {
        int plane = width * height;
        long count = (long)height * (width - 1) + (long)width * (height - 1) + 2L * (width - 1) * (height - 1);
        int[] from = new int[count], to = new int[count];
        float[] weights = new float[count];
        ReadOnlySpan<float> a = planes[..plane], b = planes.Slice(plane, plane), c = planes.Slice(2 * plane, plane);
        int edge = 0;
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
            {
                int at = y * width + x;
                bool hasRight = x + 1 < width, hasBelow = y + 1 < height;
                if (hasRight) Add(at + 1, a, b, c);
                if (hasBelow) Add(at + width, a, b, c);
                if (hasRight && hasBelow) Add(at + width + 1, a, b, c);
                if (hasRight && y > 0) Add(at - width + 1, a, b, c);

                void Add(int other, ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> c)
                {
                    float da = a[at] - a[other], db = b[at] - b[other], dc = c[at] - c[other];
                    (from[edge], to[edge], weights[edge]) = (at, other, MathF.Sqrt(da * da + db * db + dc * dc));
                    edge++;
                }
            }
        return (from, to, weights);
    }

    // Ascending, equal ones in their own order: numbers that are not negative are ordered as their bits are.
    private static int[] Order(float[] weights)
    {
        int[] order = new int[weights.Length], next = new int[weights.Length];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        int[] starts = new int[DigitValues + 1];
        for (int shift = 0; shift < 32; shift += DigitBits)
        {
            Array.Clear(starts);
            foreach (float weight in weights) starts[Digit(weight, shift) + 1]++;
            for (int i = 0; i < DigitValues; i++) starts[i + 1] += starts[i];
            foreach (int edge in order) next[starts[Digit(weights[edge], shift)]++] = edge;
            (order, next) = (next, order);
        }
        return order;
    }

    private static int Digit(float weight, int shift) => (int)(BitConverter.SingleToUInt32Bits(weight) >> shift) & (DigitValues - 1);

    /// <summary>Disjoint sets of pixels, each with its size and the largest difference at which it still joins.</summary>
    private sealed class PixelSets
    {
        private readonly int[] parent, size;
        private readonly float[] threshold;
        private readonly float k;

        public PixelSets(int count, float k)
        {
            this.k = k;
            (parent, size, threshold) = (new int[count], new int[count], new float[count]);
            for (int i = 0; i < count; i++) parent[i] = i;
            Array.Fill(size, 1);
            Array.Fill(threshold, k);
        }

        public void JoinSimilar(int a, int b, float weight)
        {
            (a, b) = (Root(a), Root(b));
            if (a == b || weight > threshold[a] || weight > threshold[b]) return;
            int joined = Join(a, b);
            threshold[joined] = weight + k / size[joined];
        }

        public void JoinSmall(int a, int b, int least)
        {
            (a, b) = (Root(a), Root(b));
            if (a != b && (size[a] < least || size[b] < least)) Join(a, b);
        }

        public (int[] Regions, int Count) Number()
        {
            int[] regions = new int[parent.Length], numbers = new int[parent.Length];
            int count = 0;
            for (int i = 0; i < regions.Length; i++)
            {
                int root = Root(i);
                if (numbers[root] == 0) numbers[root] = ++count;
                regions[i] = numbers[root] - 1;
            }
            return (regions, count);
        }

        private int Join(int a, int b)
        {
            if (size[a] < size[b]) (a, b) = (b, a);
            parent[b] = a;
            size[a] += size[b];
            return a;
        }

        private int Root(int i)
        {
            while (parent[i] != i) i = parent[i] = parent[parent[i]];
            return i;
        }
    }
}
