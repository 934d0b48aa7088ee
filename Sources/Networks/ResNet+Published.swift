/// The networks that SeCu's results were published with (Q. Qian, "Stable Cluster Discrimination for Deep Clustering", ICCV 2023, and
/// its program), after He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, table 1.
extension ResNet {
  /// ResNet-18 for small images, such as CIFAR's: 3×3 stem, four stages of two basic blocks, projector 512-512-`dimension`.
  ///
  /// 11,168,832 parameters before the projector.
  public static func resNet18(
    height: Int = 32, width: Int = 32, channels: Int = 3, dimension: Int = 128
  ) -> ResNet {
    ResNet(
      height: height, width: width, channels: channels, widths: [64, 128, 256, 512], blocks: [2, 2, 2, 2],
      dimension: dimension)
  }

  /// ResNet-18 for STL-10: 96×96 pixels, halved by max-pooling after the stem.
  public static let resNet18STL = {
    var network = resNet18(height: 96, width: 96)
    network.stem = .pooled
    return network
  }()

  /// ResNet-50 for ImageNet: 224×224 pixels, 7×7 stem, bottleneck blocks, projector 2048-2048-2048-128 and predictor 128-2048-128.
  ///
  /// 23,508,032 parameters before the projector.
  public static let resNet50 = ResNet(
    height: 224, width: 224, channels: 3, stem: .large, block: .bottleneck, widths: [64, 128, 256, 512],
    blocks: [3, 4, 6, 3], projector: .threeLayers, dimension: 128, predictor: 2048)
}
