using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>What a training step of a detector is fed with. Regions that are not there belong to picture −1 and have no label.</summary>
public sealed class DetectionBatch
{
    /// <summary>No region is there yet, and the pictures are empty.</summary>
    /// <param name="canvas">Of each picture.</param>
    /// <param name="pictures">How many.</param>
    /// <param name="regions">Of each.</param>
    /// <param name="labels">Classes, with the background.</param>
    /// <param name="next">The place behind it.</param>
    public DetectionBatch(Shape canvas, int pictures, int regions, int labels, DataPosition next)
    {
        int rows = pictures * regions;
        (Canvas, Count, Next) = (canvas, pictures, next);
        (Pictures, Regions, Labels) = (new float[pictures * canvas.Count], new float[5 * rows], new float[rows]);
        (Targets, Inside, Outside) = (new float[4 * labels * rows], new float[4 * labels * rows], new float[4 * labels * rows]);
        for (int r = 0; r < rows; r++) Regions[5 * r] = -1;
        Array.Fill(Labels, DetectorGraph.NoRegion);
    }

    /// <summary>Size of each picture, padded with zeros at the right and below.</summary>
    public Shape Canvas { get; }

    /// <summary>Pictures.</summary>
    public int Count { get; }

    /// <summary>The place of the next batch.</summary>
    public DataPosition Next { get; }

    /// <summary>Regions that are there.</summary>
    public int There { get; set; }

    /// <summary>Pictures × 3 × rows × columns.</summary>
    public float[] Pictures { get; }

    /// <summary>Regions × 5.</summary>
    public float[] Regions { get; }

    /// <summary>One a region.</summary>
    public float[] Labels { get; }

    /// <summary>Regions × labels × 4.</summary>
    public float[] Targets { get; }

    /// <summary>As targets.</summary>
    public float[] Inside { get; }

    /// <summary>As targets.</summary>
    public float[] Outside { get; }
}
