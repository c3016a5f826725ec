using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Tests.Detection;

public sealed class BoxOverlapTests
{
    [Test]
    public void Both_ends_belong_to_a_box() =>
        Assert.Multiple(() =>
        {
            Assert.That(new PixelBox(3, 4, 3, 4).Area(), Is.EqualTo(1));
            Assert.That(new PixelBox(0, 0, 9, 4).Area(), Is.EqualTo(50));
            Assert.That(new PixelBox(5, 0, 3, 4).Area(), Is.Zero, "ends before it begins");
        });

    // 10×10 at 0 and 10×10 shifted by 5 columns share 50 of 150 pixels.
    [TestCase(0, 0, 9, 9, 5, 0, 14, 9, 1.0 / 3)]
    [TestCase(0, 0, 9, 9, 0, 0, 9, 9, 1)]
    [TestCase(0, 0, 9, 9, 9, 9, 18, 18, 1.0 / 199)]
    [TestCase(0, 0, 9, 9, 10, 0, 19, 9, 0)]
    [TestCase(0, 0, 9, 9, 2, 3, 4, 4, 0.06)]
    [TestCase(0, 0, 9, 9, 6, 6, 3, 3, 0)]
    public void Overlap_is_the_shared_pixels_of_all(float l1, float t1, float r1, float b1, float l2, float t2, float r2, float b2, double expected)
    {
        var a = new PixelBox(l1, t1, r1, b1);
        var b = new PixelBox(l2, t2, r2, b2);
        Assert.That(a.IoU(b), Is.EqualTo(expected).Within(1e-12));
        Assert.That(b.IoU(a), Is.EqualTo(a.IoU(b)));
    }

    [Test]
    public void A_clipped_box_has_a_pixel_of_the_picture() =>
        Assert.Multiple(() =>
        {
            Assert.That(new PixelBox(-5, 2, 100, 3).Clip(10, 8), Is.EqualTo(new PixelBox(0, 2, 9, 3)));
            Assert.That(new PixelBox(50, 60, 70, 80).Clip(10, 8), Is.EqualTo(new PixelBox(9, 7, 9, 7)));
            Assert.That(new PixelBox(-9, -9, -3, -3).Clip(10, 8), Is.EqualTo(new PixelBox(0, 0, 0, 0)));
        });
}
