namespace EvenNet.Framework;

/// <summary>How a ranking's precision is averaged over recall. Published numbers differ by the rule, so each is named beside its number.</summary>
public enum AveragePrecisionRule
{
    /// <summary>VOC up to 2009 (Everingham et al. 2010, §4.2): mean over recall 0, 0.1, …, 1 of the largest precision at that recall or more.</summary>
    Voc11Point,

    /// <summary>VOC from 2010 on: the area under the precision-recall curve, precision replaced by the largest at that recall or more.</summary>
    Area,

    /// <summary>Not interpolated: mean over the positives of the precision at each one's place in the ranking.</summary>
    Step,
}
