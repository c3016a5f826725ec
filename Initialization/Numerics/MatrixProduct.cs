namespace EvenNet.Initialization;

/// <summary>
/// c = op(a) · op(b), or c += …, with op(a): m×k, op(b): k×n and c: m×n, all row-major without gaps.
/// <see cref="Framework.Backend.Gemm"/> is one: <c>new Arithmetic(backend)</c>.
/// </summary>
public delegate void MatrixProduct(
    bool transposeA, bool transposeB, int m, int n, int k, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, bool accumulate = false);
