import Basics

/// How large a decoded image may become. Headers are held to the limits before memory is allocated, so that a small
/// damaged or malicious file can't exhaust it.
public struct DecodingLimits: Sendable, Equatable {
  /// The most pixels: height × width.
  public var mostPixels: Int
  /// The most bytes of decoded pixels: height × width × channels.
  public var mostBytes: Int
  /// Where the limits follow from the memory that was given (`--memory`), the bytes of it for each decoded byte: messages then say how much
  /// more would do.
  package var memoryPerByte: Double?

  /// The default admits every photograph up to 134 megapixels.
  public init(mostPixels: Int = 1 << 27, mostBytes: Int = 1 << 29) {
    (self.mostPixels, self.mostBytes) = (mostPixels, mostBytes)
  }

  /// Checks a size that a header claims.
  ///
  /// - Parameters:
  ///   - height: rows, of any value.
  ///   - width: columns, of any value.
  ///   - channels: values per pixel after decoding, 1…4.
  ///   - name: what messages call the file.
  ///   - position: the byte of the file at which the size stands.
  /// - Returns: height × width × channels, the number of decoded bytes.
  /// - Throws: `SeCuError` of kind `.badData` for a side outside 1…65,535, `tooLarge` for an image above a limit.
  package func check(
    height: Int, width: Int, channels: Int, name: String, position: Int
  ) throws(SeCuError) -> Int {
    guard height >= 1, width >= 1 else {
      throw SeCuError(
        .badData, "expected a height and width of 1 or more, found \(height)×\(width)", at: name,
        position: "byte \(position)", remedy: "The file is damaged: copy it again")
    }
    // Without other limits there is still this one, so that no decoder's sizes leave 64 bits.
    guard height <= ImageShape.largestDimension, width <= ImageShape.largestDimension else {
      throw SeCuError(
        .badData, "expected sides of at most \(ImageShape.largestDimension) pixels, found \(height)×\(width)", at: name,
        position: "byte \(position)", remedy: Self.remedy)
    }
    let most = min(mostPixels, mostBytes / channels)
    guard height * width <= most else {
      throw SeCuError(
        .tooLarge,
        "expected an image of at most \(most) pixels, found \(height)×\(width)"
          + advice(pixels: height * width, bytes: height * width * max(3, channels)), at: name,
        position: "byte \(position)", remedy: Self.remedy)
    }
    return height * width * channels
  }

  /// Checks the size of a file before it is read.
  ///
  /// - Throws: `SeCuError` of kind `.tooLarge` for a file of more bytes than a decoded image may have.
  package func check(fileSize: Int, name: String) throws(SeCuError) {
    guard fileSize <= mostBytes else {
      throw SeCuError(
        .tooLarge,
        "expected a file of at most \(mostBytes) bytes, found \(fileSize)" + advice(pixels: 0, bytes: fileSize),
        at: name, remedy: Self.remedy)
    }
  }

  /// How much memory would do, as the end of a sentence; empty where no memory would.
  private func advice(pixels: Int, bytes: Int) -> String {
    let utmost = DecodingLimits()
    guard let memoryPerByte, pixels <= utmost.mostPixels, bytes <= utmost.mostBytes else { return "" }
    return "; it is read with --memory \(Int((Double(bytes) * memoryPerByte / 1e6).rounded(.up)))MB or more"
  }

  private static let remedy = "Make the image smaller, or leave it out"
}
