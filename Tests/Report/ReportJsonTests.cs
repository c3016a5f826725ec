using System.Text.Json;
using EvenNet.Report;

namespace EvenNet.Tests;

public sealed class ReportJsonTests
{
    [Test]
    public void A_report_survives_its_file()
    {
        RunReport report = SampleReport.Of(layers: 64, methods: 4);
        RunReport again = ReportJson.Read(ReportJson.Write(report));
        Assert.That(HtmlReport.Render(again), Is.EqualTo(HtmlReport.Render(report)));
    }

    [Test]
    public void Numbers_that_are_no_numbers_survive_too()
    {
        RunReport report = SampleReport.Of(layers: 8, methods: 1);
        report = report with { Methods = [report.Methods[0] with { Flatness = double.NaN, FunctionChange = double.PositiveInfinity }] };
        MethodReport again = ReportJson.Read(ReportJson.Write(report)).Methods[0];
        Assert.That(again.Flatness, Is.NaN);
        Assert.That(again.FunctionChange, Is.EqualTo(double.PositiveInfinity));
    }

    [Test]
    public void Members_have_the_names_that_others_read()
    {
        using var json = JsonDocument.Parse(ReportJson.Write(SampleReport.Of(layers: 8, methods: 1)));
        JsonElement method = json.RootElement.GetProperty("methods")[0];
        Assert.That(method.GetProperty("layers")[0].EnumerateObject().Select(p => p.Name).Take(5),
            Is.EqualTo(new[] { "name", "rate", "rateCv", "outputMean", "outputStd" }));
        Assert.That(method.TryGetProperty("flatness", out _) && method.TryGetProperty("functionChange", out _) && method.TryGetProperty("fallbacks", out _), Is.True);
    }

    [TestCase("")]
    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("{\"title\":\"x\"}")]
    [TestCase("[1")]
    public void A_file_that_is_no_report_is_refused(string text) =>
        Assert.That(() => ReportJson.Read(text), Throws.InstanceOf<JsonException>());

    [TestCase(0.1012345, "0.1012")]
    [TestCase(1, "1.000")]
    [TestCase(12.3456, "12.35")]
    [TestCase(-123.456, "−123.5")]
    [TestCase(0, "0")]
    [TestCase(3.1e-7, "3.100e−7")]
    [TestCase(123456, "1.235e5")]
    [TestCase(0.001, "0.001000")]
    [TestCase(double.NaN, "NaN")]
    [TestCase(double.NegativeInfinity, "−∞")]
    public void Numbers_have_four_digits(double value, string text) => Assert.That(Numbers.Text(value), Is.EqualTo(text));

    [TestCase(1.126, "1.13")]
    [TestCase(61.43, "61.4")]
    [TestCase(820000, "8.2e5")]
    [TestCase(double.PositiveInfinity, "∞")]
    public void Ratios_have_three(double value, string text) => Assert.That(Numbers.Ratio(value), Is.EqualTo(text));
}
