import Clustering
import Imaging
import Networks
import Training

/// The networks whose whole steps are measured and profiled.
struct StepNetwork {
  let name: String
  let network: ResNet
  /// The number of clusters of each head.
  let heads: [Int]
  /// The recipe of the views.
  let augmentation: Augmentation
  /// The most images in a step; a batch is cut down to it, so that the large networks fit a small machine.
  var mostImages = 4096

  /// The embedded digits as they are trained by default; CIFAR's image size, narrow, wide and as published; STL-10's and ImageNet's.
  static let all: [StepNetwork] = {
    let ten = Array(stride(from: 10, through: 100, by: 10)), digits = TrainingSettings.digits
    return [
      StepNetwork(name: "digits", network: digits.network, heads: digits.heads, augmentation: digits.augmentation),
      StepNetwork(name: "compact", network: compact(widths: [16, 32, 64]), heads: ten, augmentation: .cifar10),
      StepNetwork(name: "compact-wide", network: compact(widths: [32, 64, 128]), heads: ten, augmentation: .cifar10),
      StepNetwork(name: "resnet18", network: .resNet18(), heads: ten, augmentation: .cifar10),
      StepNetwork(
        name: "resnet18-stl", network: .resNet18STL, heads: ten, augmentation: .stl10, mostImages: 32),
      StepNetwork(name: "resnet50", network: .resNet50, heads: ten, augmentation: .imageNet, mostImages: 8),
    ]
  }()

  private static func compact(widths: [Int]) -> ResNet {
    ResNet(height: 32, width: 32, channels: 3, widths: widths, blocks: [1, 1, 1])
  }

  /// The digits' settings with this network, these heads and the size constraint, as the same steps in PyTorch (`Peers`) have it.
  func settings(batch: Int) -> TrainingSettings {
    var settings = TrainingSettings.digits
    settings.network = network
    settings.heads = heads
    settings.constraint = .size(SizeConstraint())
    settings.batch = min(batch, mostImages)
    return settings
  }
}
