using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class PoolingSizeTests
{
    // Height, window, stride, padding and Caffe's result: rounded up, less a last window that would start beyond the image.
    [TestCase(112, 3, 2, 0, 56)]
    [TestCase(55, 3, 2, 0, 27)]
    [TestCase(14, 5, 3, 0, 4)]
    [TestCase(7, 2, 2, 0, 4)]
    [TestCase(6, 3, 2, 1, 4)]
    [TestCase(3, 2, 2, 1, 2)]
    [TestCase(28, 3, 1, 1, 28)]
    [TestCase(13, 3, 2, 0, 6)]
    [TestCase(5, 1, 2, 0, 3)]
    [TestCase(4, 1, 2, 0, 2, Description = "a third window would see nothing")]
    public void Pooling_rounds_as_caffe_does(int size, int kernel, int stride, int pad, int expected)
    {
        Node x = Node.Input("x", 3, size, size);
        Assert.That(x.MaxPool("m", kernel, stride, pad).Shape, Is.EqualTo(new Shape(3, expected, expected)));
        Assert.That(x.AveragePool("a", kernel, stride, pad).Shape, Is.EqualTo(new Shape(3, expected, expected)));
    }

    [Test]
    public void Convolution_rounds_down()
    {
        Node x = Node.Input("x", 3, 227, 224);
        Assert.That(x.Convolution("a", 96, 11, stride: 4).Shape, Is.EqualTo(new Shape(96, 55, 54)));
        Assert.That(x.Convolution("b", 64, 7, stride: 2, pad: 3).Shape, Is.EqualTo(new Shape(64, 114, 112)));
        Assert.That(x.Convolution("c", 8, 3, dilation: 4, pad: 2).Shape, Is.EqualTo(new Shape(8, 223, 220)));
    }

    [Test]
    public void Rounding_down_is_an_option() =>
        Assert.That(new Node("p", new Pooling(PoolKind.Max, 3) { Stride = 2, Floor = true }, Node.Input("x", 1, 112, 8)).Shape, Is.EqualTo(new Shape(1, 55, 3)));
}
