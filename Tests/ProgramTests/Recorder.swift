import Foundation
import Synchronization

@testable import Program

/// Keeps what is written to a stream.
final class Recorder: Sendable {
  private let pieces = Mutex<[String]>([])

  /// Each write since the start.
  var writes: [String] { pieces.withLock { $0 } }
  var text: String { writes.joined() }

  /// A stream that ends here.
  func stream(isTerminal: Bool = false, environment: [String: String] = [:], width: Int? = nil) -> StandardStream {
    StandardStream(isTerminal: isTerminal, environment: environment, width: { width }) { [self] data in
      pieces.withLock { $0.append(String(decoding: data, as: UTF8.self)) }
    }
  }
}
