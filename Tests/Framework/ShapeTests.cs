using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class ShapeTests
{
    [Test]
    public void A_shape_prints_its_plane_only_when_it_has_one()
    {
        Assert.That(new Shape(96, 27, 27).ToString(), Is.EqualTo("96×27×27"));
        Assert.That(new Shape(4096).ToString(), Is.EqualTo("4096"));
    }
}
