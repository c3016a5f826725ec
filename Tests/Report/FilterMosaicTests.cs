using EvenNet.Framework;
using EvenNet.Report;

namespace EvenNet.Tests;

public sealed class FilterMosaicTests
{
    [Test]
    public void A_filter_is_scaled_about_its_mean_with_blue_first()
    {
        // One filter of 1×2 pixels, mean 3, farthest weight 3 away: blue 0 and 3, green 3 and 3, red 3 and 6.
        FilterPicture picture = FilterMosaic.Draw("conv1", [0, 3, 3, 3, 3, 6], outputs: 1, channels: 3, height: 1, width: 2);
        Image image = Decode(picture);

        Assert.That((image.Width, image.Height), Is.EqualTo((2 * 32 + 2, 32 + 2)));
        Assert.That((picture.Width, picture.Height), Is.EqualTo((image.Width, image.Height)));
        Assert.That(Pixel(image, 1, 1), Is.EqualTo(new byte[] { 0, 128, 128 }));
        Assert.That(Pixel(image, 64, 32), Is.EqualTo(new byte[] { 128, 128, 255 }));
    }

    [Test]
    public void Filters_stand_one_pixel_apart_in_rows()
    {
        float[] weights = new float[6 * 40 * 40];
        weights.AsSpan(5 * 40 * 40).Fill(float.NaN);
        Image image = Decode(FilterMosaic.Draw("conv1", weights, outputs: 6, channels: 1, height: 40, width: 40));

        // 6 filters: 3 columns, 2 rows; a filter of 40 pixels is not enlarged.
        Assert.That((image.Width, image.Height), Is.EqualTo((3 * 41 + 1, 2 * 41 + 1)));
        for (int x = 0; x < image.Width; x += 41) Assert.That(Pixel(image, x, 20), Is.EqualTo(new byte[] { 24, 24, 24 }), $"column {x}");
        Assert.That(Pixel(image, 20, 41), Is.EqualTo(new byte[] { 24, 24, 24 }));
        Assert.That(Pixel(image, 20, 20), Is.EqualTo(new byte[] { 128, 128, 128 }), "equal weights are grey");
        Assert.That(Pixel(image, 110, 60), Is.EqualTo(new byte[] { 0, 0, 0 }), "a filter with a weight that is no number is black");
    }

    [Test]
    public void A_filter_is_not_dimmed_by_a_stronger_neighbour()
    {
        Image image = Decode(FilterMosaic.Draw("conv1", [-1000, 1000, -0.001f, 0.001f], outputs: 2, channels: 1, height: 1, width: 2));
        int second = 1 + 2 * 32 + 1;
        Assert.That(Pixel(image, second, 1), Is.EqualTo(Pixel(image, 1, 1)));
        Assert.That(Pixel(image, second + 32, 1), Is.EqualTo(new byte[] { 255, 255, 255 }));
    }

    [TestCase(1, 1)]
    [TestCase(64, 8)]
    [TestCase(96, 12)]
    [TestCase(20, 5)]
    [TestCase(7, 3)]
    public void The_last_row_is_full_where_it_can_be(int outputs, int columns) =>
        Assert.That(FilterMosaic.Columns(outputs), Is.EqualTo(columns));

    [Test]
    public void Filters_without_a_colour_are_refused() =>
        Assert.That(() => FilterMosaic.Draw("conv2", new float[48 * 25], outputs: 1, channels: 48, height: 5, width: 5),
            Throws.ArgumentException.With.Message.Contains("conv2: filters of 48 channels"));

    [Test]
    public void A_wrong_number_of_weights_is_refused_with_both_numbers() =>
        Assert.That(() => FilterMosaic.Draw("conv1", new float[26], outputs: 1, channels: 3, height: 3, width: 3),
            Throws.ArgumentException.With.Message.Contains("27 weights, got 26"));

    private static Image Decode(FilterPicture picture) => new PngDecoder().Decode(picture.Png, "mosaic");

    private static byte[] Pixel(Image image, int x, int y) => image.Row(y).Slice(3 * x, 3).ToArray();
}
