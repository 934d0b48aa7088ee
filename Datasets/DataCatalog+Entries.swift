import Imaging

extension DataCatalog {
  /// All known data sets, in the order in which to list them.
  public static let entries: [Entry] = [
    Entry(
      name: "digits", summary: "Handwritten digits in 17 levels of grey, built into the program",
      counts: [nil: Digits.images.count], shape: Digits.images.shape, classNames: Digits.images.classNames ?? [],
      usualSplits: nil, attribution: Digits.attribution, folders: [], content: "digits",
      builtIn: { Digits.images }),
    Entry(
      name: "cifar10", summary: "Photographs of ten kinds of animals and vehicles",
      counts: [.train: 50_000, .test: 10_000],
      shape: small, classNames: CIFARNames.ten, usualSplits: Splits(.train), attribution: cifarAttribution("CIFAR-10"),
      folders: ["cifar-10-batches-bin"], content: "cifar10", builtIn: nil),
    Entry(
      name: "cifar100", summary: "Photographs of a hundred kinds of things", counts: [.train: 50_000, .test: 10_000],
      shape: small, classNames: CIFARNames.hundred, usualSplits: Splits(.train),
      attribution: cifarAttribution("CIFAR-100"), folders: ["cifar-100-binary"], content: "cifar100", builtIn: nil),
    Entry(
      name: "cifar100-20", summary: "The images of cifar100 with its 20 super-classes for labels",
      counts: [.train: 50_000, .test: 10_000], shape: small, classNames: CIFARNames.twenty, usualSplits: Splits(.train),
      attribution: cifarAttribution("CIFAR-100"), folders: ["cifar-100-binary"], content: "cifar100", builtIn: nil),
  ]

  private static let small = shape(32, 32, 3)

  private static func shape(_ height: Int, _ width: Int, _ channels: Int) -> ImageShape {
    guard let shape = try? ImageShape(height: height, width: width, channels: channels) else {
      fatalError("The shape of a known data set is out of range.")
    }
    return shape
  }

  private static func cifarAttribution(_ title: String) -> Attribution {
    Attribution(
      title: title, authors: "A. Krizhevsky, V. Nair, G. Hinton, 2009",
      source: "https://www.cs.toronto.edu/~kriz/cifar.html",
      licence:
        "no licence is stated; the authors ask to cite A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009"
    )
  }
}
