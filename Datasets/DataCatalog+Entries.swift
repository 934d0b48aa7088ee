import Imaging

extension DataCatalog {
  /// All known data sets, in the order in which to list them.
  ///
  /// Addresses, sizes and checksums: https://www.cs.toronto.edu/~kriz/cifar.html has the MD5 of CIFAR's archives,
  /// https://github.com/zalandoresearch/fashion-mnist those of Fashion-MNIST; the others are those by which torchvision
  /// (torchvision/datasets/mnist.py and stl10.py) checks what it downloads. Sizes are those that the servers tell.
  ///
  /// MNIST's class sizes and the first labels of MNIST and Fashion-MNIST are in no publication: they are what programs print that load
  /// the published files, such as Lightning's tests (tests/helpers/datasets.py) and Hugging Face's viewer
  /// (huggingface.co/datasets/ylecun/mnist, zalando-datasets/fashion_mnist). Fashion-MNIST's paper, arXiv:1708.07747, says 7,000 images
  /// a class.
  public static let entries: [Entry] = [digits, cifar10, cifar100, cifar20] + stl10 + [mnist, fashion]

  private static let digits = Entry(
    name: "digits", summary: "Handwritten digits in 17 levels of grey, built into the program",
    counts: [nil: Digits.images.count], shape: Digits.images.shape, classNames: Digits.images.classNames ?? [],
    usualSplits: nil, attribution: Digits.attribution, archives: [], folders: [], content: "digits",
    builtIn: { Digits.images })

  private static func shape(_ side: Int, _ channels: Int) -> ImageShape {
    guard let shape = try? ImageShape(height: side, width: side, channels: channels) else {
      fatalError("The shape of a known data set is out of range.")
    }
    return shape
  }

  private static func even(_ classes: Int, _ train: Int, _ test: Int) -> [Split: [Int]] {
    [.train: [Int](repeating: train, count: classes), .test: [Int](repeating: test, count: classes)]
  }
}

// MARK: - CIFAR

extension DataCatalog {
  private static func cifarAttribution(_ title: String) -> Attribution {
    Attribution(
      title: title, authors: "A. Krizhevsky, V. Nair, G. Hinton, 2009",
      source: "https://www.cs.toronto.edu/~kriz/cifar.html",
      licence: "None stated; to be cited: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009")
  }

  private static let cifar10 = Entry(
    name: "cifar10", summary: "Photographs of ten kinds of animals and vehicles",
    counts: [.train: 50_000, .test: 10_000], shape: shape(32, 3), classNames: CIFARNames.ten,
    usualSplits: Splits(.train), attribution: cifarAttribution("CIFAR-10"),
    archives: [
      Archive(
        address: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", bytes: 170_052_171,
        md5: "c32a1d4ab5d03f1284b67883e8d87530")
    ], folders: ["cifar-10-batches-bin"], content: "cifar10", classSizes: even(10, 5_000, 1_000))

  private static let cifar100 = hundred(
    "cifar100", "Photographs of a hundred kinds of things", CIFARNames.hundred, even(100, 500, 100))

  private static let cifar20 = hundred(
    "cifar100-20", "The images of cifar100 with its 20 super-classes for labels", CIFARNames.twenty,
    even(20, 2_500, 500))

  private static func hundred(
    _ name: String, _ summary: String, _ classNames: [String], _ classSizes: [Split: [Int]]
  ) -> Entry {
    Entry(
      name: name, summary: summary, counts: [.train: 50_000, .test: 10_000], shape: shape(32, 3),
      classNames: classNames, usualSplits: Splits(.train), attribution: cifarAttribution("CIFAR-100"),
      archives: [
        Archive(
          address: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz", bytes: 168_513_733,
          md5: "03b5dce01913d631647c71ecec9e9cb8")
      ], folders: ["cifar-100-binary"], content: "cifar100", classSizes: classSizes)
  }
}

// MARK: - STL-10

extension DataCatalog {
  private static let stl10 = [
    stl("stl10", "Photographs of 96 pixels of ten kinds of animals and vehicles", Splits(.train)),
    stl(
      "stl10-train-unlabelled", "STL-10 to learn from: the images for training and those without labels",
      Splits([.train, .unlabelled])),
    stl(
      "stl10-train-test", "STL-10 as far as it has labels: the images for training and testing",
      Splits([.train, .test])),
  ]

  private static func stl(_ name: String, _ summary: String, _ splits: Splits) -> Entry {
    Entry(
      name: name, summary: summary, counts: Dictionary(uniqueKeysWithValues: STLFile.counts.map { ($0, $1) }),
      shape: shape(96, 3), classNames: STLFile.classNames, usualSplits: splits,
      attribution: Attribution(
        title: "STL-10", authors: "A. Coates, H. Lee, A. Y. Ng, 2011",
        source: "https://cs.stanford.edu/~acoates/stl10/",
        licence:
          "None stated; images are from ImageNet. To be cited: A. Coates, H. Lee, A. Y. Ng, An Analysis of Single Layer Networks in Unsupervised Feature Learning, AISTATS 2011"
      ),
      archives: [
        Archive(
          address: "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz", bytes: 2_640_397_119,
          md5: "91f7769df0f17e558f3565bffb0c7dfb")
      ], folders: ["stl10_binary"], content: "stl10", classSizes: even(10, 500, 800),
      fileChecksums: [
        "train_X.bin": "918c2871b30a85fa023e0c44e0bee87f", "train_y.bin": "5a34089d4802c674881badbb80307741",
        "unlabeled_X.bin": "5242ba1fed5e4be9e1e742405eb56ca4", "test_X.bin": "7f263ba9f9e0b06b93213547f721ac82",
        "test_y.bin": "36f9794fa4beb8a2c72628de14fa638e",
      ])
  }
}

// MARK: - MNIST and Fashion-MNIST

extension DataCatalog {
  private static let mnist = Entry(
    name: "mnist", summary: "Handwritten digits of 28 pixels", counts: [.train: 60_000, .test: 10_000],
    shape: shape(28, 1), classNames: (0...9).map(String.init), usualSplits: Splits(.train),
    attribution: Attribution(
      title: "MNIST", authors: "Y. LeCun, C. Cortes, C. J. C. Burges, 1998",
      source: "http://yann.lecun.com/exdb/mnist/, mirrored by https://ossci-datasets.s3.amazonaws.com/mnist/",
      licence:
        "None stated; to be cited: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-Based Learning Applied to Document Recognition, Proceedings of the IEEE 86 (11), 1998"
    ),
    archives: quartet(
      "https://ossci-datasets.s3.amazonaws.com/mnist/",
      (9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"), (28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
      (1_648_877, "9fb629c4189551a2d022fa330f9573f3"), (4_542, "ec29112dd5afa0611ce80d1b7f02629c")),
    folders: ["MNIST", "MNIST_data"], content: "mnist",
    classSizes: [
      .train: [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
      .test: [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
    ], firstLabels: [.train: [5, 0, 4, 1, 9, 2, 1, 3, 1, 4], .test: [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]])

  private static let fashion = Entry(
    name: "fashion-mnist", summary: "Articles of clothing of 28 pixels", counts: [.train: 60_000, .test: 10_000],
    shape: shape(28, 1),
    classNames: [
      "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ], usualSplits: Splits(.train),
    attribution: Attribution(
      title: "Fashion-MNIST", authors: "H. Xiao, K. Rasul, R. Vollgraf, 2017",
      source: "https://github.com/zalandoresearch/fashion-mnist", licence: "MIT"),
    archives: quartet(
      "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
      (26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"), (29_515, "25c81989df183df01b3e8a0aad5dffbe"),
      (4_422_102, "bef4ecab320f06d8554ea6380940ec79"), (5_148, "bb300cfdad3c16e7a12a480ee83cd310")),
    folders: ["FashionMNIST", "fashion-mnist", "fashion"], content: "fashion-mnist",
    classSizes: even(10, 6_000, 1_000),
    firstLabels: [.train: [9, 0, 0, 3, 0, 2, 7, 2, 5, 5], .test: [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]])

  private typealias Published = (bytes: Int, md5: String)

  private static func quartet(
    _ base: String, _ trainImages: Published, _ trainLabels: Published, _ testImages: Published, _ testLabels: Published
  ) -> [Archive] {
    let names = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]
    return zip(names, [trainImages, trainLabels, testImages, testLabels]).map {
      Archive(address: "\(base)\($0)-ubyte.gz", bytes: $1.bytes, md5: $1.md5)
    }
  }
}
