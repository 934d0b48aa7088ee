@testable import Networks

/// A `ResNet`'s forward pass in Double, as its formulas read: what `Network` is tested against.
///
/// Parameters and running statistics lie as `ParameterLayout` says; activations are [image][row][column][channel].
struct PlainNetwork {
  let description: ResNet
  var parameters: [Double]
  /// Moved by every training pass.
  var statistics: [Double]
  private let parameterEntries: [String: ParameterLayout.Entry]
  private let statisticEntries: [String: ParameterLayout.Entry]

  init(_ network: Network) {
    description = network.description
    parameters = network.parameters.values.map(Double.init)
    statistics = network.statistics.values.map(Double.init)
    func byName(_ entries: [ParameterLayout.Entry]) -> [String: ParameterLayout.Entry] {
      Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0) })
    }
    parameterEntries = byName(network.layout.parameters)
    statisticEntries = byName(network.layout.statistics)
  }

  private struct Activation {
    var values: [Double]
    var height = 1
    var width = 1
    var channels: Int
  }

  /// The projection of `count` images in `groups` views, [count, dimension], and the prediction where there is a predictor.
  mutating func outputs(
    _ images: [Float], count: Int, groups: Int, training: Bool
  ) -> (projection: [Double], prediction: [Double]?) {
    let statistics = training ? groups : nil
    let image = Activation(
      values: images.map(Double.init), height: description.height, width: description.width,
      channels: description.channels)
    let stemStride = description.stem == .large ? 2 : 1
    var x = norm("bn1", convolution("conv1", image, count, stride: stemStride), statistics, relu: true)
    switch description.stem {
    case .small: break
    case .pooled: x = maxPool(x, count, kernel: 2)
    case .large: x = maxPool(x, count, kernel: 3)
    }
    for (stage, width) in description.widths.enumerated() {
      for block in 0..<description.blocks[stage] {
        let name = "layer\(stage + 1).\(block)", stride = stage > 0 && block == 0 ? 2 : 1
        var shortcut = x
        if stride != 1 || x.channels != width * description.block.expansion {
          let projected = convolution("\(name).shortcut.0", x, count, stride: stride)
          shortcut = norm("\(name).shortcut.1", projected, statistics, relu: false)
        }
        let strides = description.block == .basic ? [stride, 1] : [1, stride, 1]
        for (i, stride) in strides.enumerated() {
          x = norm(
            "\(name).bn\(i + 1)", convolution("\(name).conv\(i + 1)", x, count, stride: stride), statistics, relu: true,
            residual: i == strides.count - 1 ? shortcut : nil)
        }
      }
    }
    x = norm("fc.1", linear("fc.0", mean(x, count), count), statistics, relu: true)
    x = linear("fc.3", x, count)
    if description.projector == .threeLayers {
      x = linear("fc.6", norm("fc.4", x, statistics, relu: true), count)
      x = norm("fc.7", x, statistics, relu: false)
    }
    guard description.predictor != nil else { return (x.values, nil) }
    let hidden = norm("predictor.1", linear("predictor.0", x, count), training ? groups : nil, relu: true)
    return (x.values, linear("predictor.3", hidden, count).values)
  }

  private func weights(_ name: String) -> (values: ArraySlice<Double>, shape: [Int]) {
    guard let entry = parameterEntries[name] else { preconditionFailure("no parameter \(name)") }
    return (parameters[entry.offset..<entry.offset + entry.count], entry.shape)
  }

  private func convolution(_ name: String, _ x: Activation, _ count: Int, stride: Int) -> Activation {
    let (w, shape) = weights("\(name).weight")
    let (outputs, inputs, kernel) = (shape[0], shape[1], shape[2])
    let (height, width) = ((x.height - 1) / stride + 1, (x.width - 1) / stride + 1)
    var y = [Double](repeating: 0, count: count * height * width * outputs)
    for n in 0..<count {
      for oy in 0..<height {
        for ox in 0..<width {
          let to = ((n * height + oy) * width + ox) * outputs
          for ky in 0..<kernel {
            for kx in 0..<kernel {
              let (iy, ix) = (oy * stride + ky - kernel / 2, ox * stride + kx - kernel / 2)
              guard (0..<x.height).contains(iy), (0..<x.width).contains(ix) else { continue }
              let from = ((n * x.height + iy) * x.width + ix) * inputs
              for i in 0..<inputs {
                let tap = w.startIndex + ((ky * kernel + kx) * inputs + i) * outputs
                for o in 0..<outputs { y[to + o] += x.values[from + i] * w[tap + o] }
              }
            }
          }
        }
      }
    }
    return Activation(values: y, height: height, width: width, channels: outputs)
  }

  /// - Parameter groups: how many parts of the batch have statistics of their own; nil takes the running ones.
  private mutating func norm(
    _ name: String, _ x: Activation, _ groups: Int?, relu: Bool, residual: Activation? = nil
  ) -> Activation {
    let gamma = weights("\(name).weight").values, beta = weights("\(name).bias").values
    guard let runningMean = statisticEntries["\(name).running_mean"]?.offset,
      let runningVariance = statisticEntries["\(name).running_var"]?.offset
    else { preconditionFailure("no statistics \(name)") }
    var y = x
    let rows = x.values.count / x.channels / (groups ?? 1)
    for group in 0..<(groups ?? 1) {
      for c in 0..<x.channels {
        let places = (group * rows..<(group + 1) * rows).map { $0 * x.channels + c }
        var mean = statistics[runningMean + c], variance = statistics[runningVariance + c]
        if groups != nil {
          let n = Double(rows)
          mean = places.reduce(0) { $0 + x.values[$1] } / n
          let squares = places.reduce(0) { $0 + (x.values[$1] - mean) * (x.values[$1] - mean) }
          variance = squares / n
          statistics[runningMean + c] = 0.9 * statistics[runningMean + c] + 0.1 * mean
          statistics[runningVariance + c] = 0.9 * statistics[runningVariance + c] + 0.1 * squares / (n - 1)
        }
        let scale = gamma[gamma.startIndex + c] / (variance + Double(Float(1e-5))).squareRoot()
        for i in places {
          let value = scale * (x.values[i] - mean) + beta[beta.startIndex + c] + (residual?.values[i] ?? 0)
          y.values[i] = relu ? max(0, value) : value
        }
      }
    }
    return y
  }

  /// Max-pooling with stride 2 and padding 1.
  private func maxPool(_ x: Activation, _ count: Int, kernel: Int) -> Activation {
    let (height, width) = ((x.height + 2 - kernel) / 2 + 1, (x.width + 2 - kernel) / 2 + 1)
    var y = [Double](repeating: -.infinity, count: count * height * width * x.channels)
    for at in y.indices {
      let (c, ox) = (at % x.channels, at / x.channels % width)
      let (oy, n) = (at / x.channels / width % height, at / x.channels / width / height)
      for iy in 2 * oy - 1..<2 * oy - 1 + kernel where (0..<x.height).contains(iy) {
        for ix in 2 * ox - 1..<2 * ox - 1 + kernel where (0..<x.width).contains(ix) {
          y[at] = max(y[at], x.values[((n * x.height + iy) * x.width + ix) * x.channels + c])
        }
      }
    }
    return Activation(values: y, height: height, width: width, channels: x.channels)
  }

  private func mean(_ x: Activation, _ count: Int) -> Activation {
    let pixels = x.height * x.width
    var y = [Double](repeating: 0, count: count * x.channels)
    for i in x.values.indices { y[i / (pixels * x.channels) * x.channels + i % x.channels] += x.values[i] }
    return Activation(values: y.map { $0 / Double(pixels) }, channels: x.channels)
  }

  private func linear(_ name: String, _ x: Activation, _ count: Int) -> Activation {
    let (w, shape) = weights("\(name).weight"), bias = weights("\(name).bias").values
    let (outputs, inputs) = (shape[0], shape[1])
    let y = (0..<count * outputs).map { at in
      let (n, o) = (at / outputs, at % outputs)
      return (0..<inputs).reduce(bias[bias.startIndex + o]) {
        $0 + x.values[n * inputs + $1] * w[w.startIndex + o * inputs + $1]
      }
    }
    return Activation(values: y, channels: outputs)
  }
}
