import Basics

/// A residual network as a value: everything that decides its shapes, and nothing else.
///
/// The layers follow He et al., "Deep Residual Learning for Image Recognition" (CVPR 2016); stem, blocks and the layers after the
/// mean are those of the networks that SeCu was published with. `resNet18`, `resNet18STL` and `resNet50` are these.
///
///     image [H, W, channels]
///       → stem                                      `widths[0]` channels; see `Stem`
///       → for each stage s: `blocks[s]` blocks      `widths[s]` · `block.expansion` channels; stages after the first halve the size
///       → mean over pixels                          [features]
///       → projector                                 [dimension]; see `Projector`
///       → predictor, if there is one: Linear, batch norm, ReLU, Linear         [predictor] and [dimension]
///
/// A block is relu( inner(x) + shortcut(x) ), where `block` says what is inside; the shortcut is the identity where shapes agree,
/// else a 1×1 convolution with batch norm.
public struct ResNet: Codable, Hashable, Sendable {
  /// The layers before the first stage.
  public enum Stem: String, Codable, CaseIterable, Sendable {
    /// 3×3 convolution, batch norm, ReLU; keeps the size. For images of about 32×32 pixels.
    case small
    /// The same, then max-pooling of 2×2 pixels, stride 2 and padding 1, to size/2 + 1. For about 96×96 pixels.
    case pooled
    /// 7×7 convolution with stride 2, batch norm, ReLU, then max-pooling of 3×3 pixels, stride 2 and padding 1: a quarter of the
    /// size. For about 224×224 pixels.
    case large
  }

  /// What a block adds to its shortcut, for a stage of `c` channels; each convolution has a batch norm, and a ReLU but for the last.
  public enum Block: String, Codable, CaseIterable, Sendable {
    /// 3×3 convolutions to c and c channels, the first with the block's stride.
    case basic
    /// 1×1, 3×3 and 1×1 convolutions to c, c and 4c channels, the second with the block's stride. The paper has the stride in the
    /// first; torchvision, whose networks the published program takes, has it here ("ResNet v1.5").
    case bottleneck

    /// Channels that come out of a block, as a multiple of the stage's.
    public var expansion: Int { self == .basic ? 1 : 4 }
  }

  /// The layers that make the feature vector of the mean over pixels; hidden layers are as wide as that.
  public enum Projector: String, Codable, CaseIterable, Sendable {
    /// Linear, batch norm, ReLU, Linear.
    case twoLayers
    /// Linear, batch norm, ReLU, Linear, batch norm, ReLU, Linear, batch norm.
    case threeLayers
  }

  /// Rows of an image, in pixels.
  public var height: Int
  /// Columns of an image, in pixels.
  public var width: Int
  /// Colour channels of an image.
  public var channels: Int
  /// What comes before the first stage.
  public var stem: Stem
  /// What stages are made of.
  public var block: Block
  /// Channels of each stage, before `block.expansion`.
  public var widths: [Int]
  /// Blocks of each stage.
  public var blocks: [Int]
  /// What makes the feature vector of the last stage's mean.
  public var projector: Projector
  /// Length of the feature vector, the paper's d.
  public var dimension: Int
  /// The hidden width of the predictor; nil for none. It reads the projection as it is, before that is made a unit vector.
  public var predictor: Int?

  /// - Parameters: as the properties have them; `validate` says what may be.
  public init(
    height: Int, width: Int, channels: Int, stem: Stem = .small, block: Block = .basic, widths: [Int], blocks: [Int],
    projector: Projector = .twoLayers, dimension: Int = 128, predictor: Int? = nil
  ) {
    self.height = height
    self.width = width
    self.channels = channels
    self.stem = stem
    self.block = block
    self.widths = widths
    self.blocks = blocks
    self.projector = projector
    self.dimension = dimension
    self.predictor = predictor
  }

  /// Channels after the last stage, the length of the mean over pixels.
  public var features: Int { (widths.last ?? 0) * block.expansion }
}

extension ResNet {
  /// Older files have no `stem`, `block` and `projector`: they mean the small stem, basic blocks and a projector of two layers.
  ///
  /// - Throws: `SeCuError` of kind `.badData` for an unknown name, `DecodingError` for anything else that is wrong.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      height: try container.decode(Int.self, forKey: .height), width: try container.decode(Int.self, forKey: .width),
      channels: try container.decode(Int.self, forKey: .channels),
      stem: try container.choiceIfPresent(Stem.self, forKey: .stem) ?? .small,
      block: try container.choiceIfPresent(Block.self, forKey: .block) ?? .basic,
      widths: try container.decode([Int].self, forKey: .widths),
      blocks: try container.decode([Int].self, forKey: .blocks),
      projector: try container.choiceIfPresent(Projector.self, forKey: .projector) ?? .twoLayers,
      dimension: try container.decode(Int.self, forKey: .dimension),
      predictor: try container.decodeIfPresent(Int.self, forKey: .predictor))
  }
}

extension ResNet.Block {
  /// One of the convolutions inside a block.
  struct Convolution {
    var kernel: Int
    var stride = 1
    var width: Int
  }

  /// The convolutions inside a block of a stage of `width` channels, in their order.
  func convolutions(width: Int, stride: Int) -> [Convolution] {
    switch self {
    case .basic: [Convolution(kernel: 3, stride: stride, width: width), Convolution(kernel: 3, width: width)]
    case .bottleneck:
      [
        Convolution(kernel: 1, width: width), Convolution(kernel: 3, stride: stride, width: width),
        Convolution(kernel: 1, width: expansion * width),
      ]
    }
  }
}
