import Clustering
import Foundation
import Testing

@testable import Training

@Suite struct RunHealthTests {
  /// The last epoch of a healthy run on 1,797 digits, as it was measured.
  static let healthy = EpochReport(
    epoch: 29, step: 6300, representationLoss: 1.707, centerLoss: 1.048, rate: 1e-6, seconds: 58,
    imagesPerSecond: 13_000,
    smallestCluster: 166, largestCluster: 222, emptyClusters: 0, dualSpread: 0.4, labelsMoved: 0.1)

  static func warnings(
    _ change: (inout EpochReport, inout TrainingSettings) -> Void = { _, _ in }
  ) -> [RunWarning] {
    var report = healthy, settings = TrainingSettings.digits
    settings.constraint = .size(SizeConstraint())
    change(&report, &settings)
    return RunHealth(settings, images: 1797, evaluatedHead: 0).warnings(report)
  }

  @Test func `a healthy run has no warning`() {
    #expect(Self.warnings() == [])
    #expect(Self.warnings { report, _ in report.dualSpread = nil } == [])
  }

  /// Of 30 epochs with 4 of warm-up, those from 8 on; of short runs the last, but never the first of all.
  @Test(arguments: [
    (0, 30, false), (7, 30, false), (8, 30, true), (29, 30, true), (4, 6, false), (5, 6, true), (0, 1, false),
  ])
  func `wild beginnings are not judged`(epoch: Int, epochs: Int, isJudged: Bool) {
    let found = Self.warnings { report, settings in
      (report.epoch, report.representationLoss, report.largestCluster, report.emptyClusters) = (epoch, 9, 1797, 9)
      (report.dualSpread, report.smallestCluster, settings.epochs) = (50, 0, epochs)
    }
    let last: [RunWarning.Kind] = epoch == epochs - 1 ? [.smallCluster] : []
    #expect(found.map(\.kind) == (isJudged ? [.collapse, .emptyClusters, .runawayDuals, .nothingLearnt] + last : []))
  }

  @Test func `a cluster that holds nearly everything is a collapse`() {
    func collapse(_ largest: Int, _ constraint: AssignmentConstraint) -> RunWarning? {
      let found = Self.warnings { report, settings in
        (report.largestCluster, settings.constraint) = (largest, constraint)
      }
      return found.first { $0.kind == .collapse }
    }
    let off = AssignmentConstraint.size(SizeConstraint(ratio: 0))
    #expect(collapse(1617, off) == nil)
    #expect(
      collapse(1618, off)?.description
        == "1618 of 1797 images are in one of 10 clusters: the clusters tell hardly any images apart. "
        + "Begin anew with a larger --ratio (now 0.0, usually 0.9).")
    // The remedy is the constraint if it is weak, and else slower learning.
    #expect(
      collapse(1700, .size(SizeConstraint(dualRate: 0.01)))?.change.contains("--dual-rate (now 0.01, usually 0.1)")
        == true)
    #expect(collapse(1700, .size(SizeConstraint()))?.change.contains("lower --rate (now 0.1)") == true)
    let weak = EntropyConstraint(alpha: 17.97)
    #expect(collapse(1700, .entropy(weak))?.change.contains("--alpha-per-image (now 0.01, usually 0.12)") == true)
    #expect(collapse(1700, .entropy(.published))?.change.contains("--center-rate (now 1.2)") == true)
  }

  @Test func `empty clusters are counted`() {
    func text(_ empty: Int) -> [String] {
      let found = Self.warnings { report, settings in
        (report.emptyClusters, settings.constraint) = (empty, .size(SizeConstraint(ratio: 0.2)))
      }
      return found.map(\.description)
    }
    #expect(text(1).map { $0.hasPrefix("1 of 10 clusters is empty: ") } == [true])
    #expect(text(3).map { $0.hasPrefix("3 of 10 clusters are empty: ") } == [true])
    #expect(text(3).map { $0.contains("--ratio (now 0.2") && $0.contains("--heads") } == [true])
  }

  /// ln K of 10, 20, 30, 40 and 50 clusters is 3.260 on average, and 2 % of that is 0.065.
  @Test func `a loss of uniform predictions tells that nothing is learnt`() {
    func kinds(_ x: Double, _ w: Double, epoch: Int = 29, temperature: Float = 0.05) -> [RunWarning.Kind] {
      let found = Self.warnings { report, settings in
        (report.representationLoss, report.centerLoss, report.epoch) = (x, w, epoch)
        settings.losses.centerTemperature = temperature
      }
      return found.map(\.kind)
    }
    #expect(kinds(3.19, 1) == [])
    #expect(kinds(3.20, 1) == [.nothingLearnt])
    #expect(kinds(5, 1) == [.nothingLearnt])
    #expect(kinds(1, 3.20) == [.nothingLearnt])
    // At t_w = 1 a good similarity moves the loss by no more than 1.
    #expect(kinds(1, 3.20, temperature: 1) == [])
    #expect(kinds(1, 3.22, temperature: 1) == [.nothingLearnt])
    let text = Self.warnings { report, _ in report.centerLoss = 3.26 }.first?.description ?? ""
    for part in [
      "the center loss is 3.260, and uniform predictions give 3.260", "--rate (now 0.1)", "--passes (now 14)",
    ] {
      #expect(text.contains(part), "\(text)")
    }
  }

  /// 10 clusters: chance moves 90 %, and 81 % are nine tenths of that.
  @Test func `labels that move by chance tell that nothing is learnt`() {
    func found(_ moved: Double, _ heads: [Int]) -> [RunWarning] {
      Self.warnings { report, settings in (report.labelsMoved, settings.heads, report.centerLoss) = (moved, heads, 0.2)
      }
      .filter { $0.kind == .nothingLearnt }
    }
    #expect(found(0.80, [10, 1000]) == [])
    #expect(
      found(0.82, [10, 1000]).first?.seen
        == "82 % of the images change their cluster whenever they are seen, and by chance 90 % would")
    #expect(found(0.89, [1000]) == [])
    #expect(found(0.91, [1000]).count == 1)
  }

  @Test func `duals beyond what similarities outweigh`() {
    func changes(_ spread: Double, _ constraint: AssignmentConstraint) -> [String] {
      let found = Self.warnings { report, settings in
        (report.dualSpread, settings.constraint) = (spread, constraint)
      }
      return found.map(\.description)
    }
    #expect(changes(2, .size(SizeConstraint(dualRate: 50))) == [])
    let fast = changes(7.32, .size(SizeConstraint(dualRate: 50)))
    #expect(
      fast.count == 1 && fast[0].contains("differ by 7.3") && fast[0].contains("--dual-rate (now 50.0, usually 0.1)"))
    let usual = changes(3, .size(SizeConstraint()))
    #expect(usual.count == 1 && usual[0].contains("--ratio (now 0.9)"))
    #expect(changes(3, .entropy(.published)) == [])
  }

  /// γN/K is 161.7, half of it 80.9; with 1,000 clusters a size of 1.6 says nothing.
  @Test func `at the end the size constraint is held to its word`() {
    func found(_ smallest: Int, epoch: Int = 29, _ constraint: AssignmentConstraint = .size(SizeConstraint()))
      -> [RunWarning]
    {
      Self.warnings { report, settings in
        (report.smallestCluster, report.epoch, settings.constraint) = (smallest, epoch, constraint)
      }
    }
    #expect(found(81) == [])
    #expect(found(80).map(\.kind) == [.smallCluster])
    #expect(found(80).first?.seen == "the smallest cluster ends with 80 images, and the size constraint asks for 162")
    #expect(found(80, epoch: 28) == [])
    #expect(found(80, .entropy(.published)) == [])
    #expect(found(0, .size(SizeConstraint(ratio: 0))) == [])
    let many = Self.warnings { report, settings in (report.smallestCluster, settings.heads) = (0, [1000]) }
    #expect(many.map(\.kind) == [])
  }

  @Test func `names are what metrics have`() throws {
    #expect(
      RunWarning.Kind.allCases.map(\.rawValue) == [
        "collapse", "empty_clusters", "runaway_duals", "nothing_learnt", "small_cluster",
        "unsure_clusters",
      ])
    var report = Self.healthy
    report.warnings = [.runawayDuals]
    let line = try JSONEncoder().encode(report)
    let text = String(decoding: line, as: UTF8.self)
    #expect(text.contains("\"warnings\":[\"runaway_duals\"]") && text.contains("\"dual_spread\":0.4"))
    #expect(try JSONDecoder().decode(EpochReport.self, from: line) == report)
  }

  /// As far as there are clusters with images above the threshold, which the others then lose theirs to.
  @Test(arguments: [(0, false), (1, true), (9, true), (10, false)])
  func `clusters that self-labelling believes nothing of are told`(unsure: Int, isTold: Bool) throws {
    let found = Self.warnings { report, settings in
      settings = settings.forSelfLabelling
      (report.kept, report.unsureClusters) = (0.5, unsure)
    }
    #expect(found.map(\.kind) == (isTold ? [.unsureClusters] : []))
    guard let warning = found.first else { return }
    #expect(warning.seen == "\(unsure) of 10 clusters had no image above the threshold")
    #expect(warning.change.contains("lower --threshold (now 0.99)"))
  }

  /// Nothing constrains sizes there, and centers learn at the encoder's rate: such options would change nothing.
  @Test func `self-labelling is advised by options that it has`() {
    let found = Self.warnings { report, settings in
      (settings.constraint, report.largestCluster, report.emptyClusters) = (.size(SizeConstraint(ratio: 0)), 1790, 8)
      settings = settings.forSelfLabelling
    }
    #expect(found.map(\.kind) == [.collapse, .emptyClusters])
    for warning in found {
      #expect(
        warning.change
          == "Begin anew with a lower --rate (now 0.0001), fewer --epochs (now 200) or another --threshold (now 0.99)")
    }
    #expect(!TrainingSettings.digits.forSelfLabelling.remedyForDivergence.contains("centerRate"))
  }

  /// Lines that an older program wrote.
  @Test func `lines without these fields are read`() throws {
    let line = """
      {"epoch":3,"step":9,"loss_x":1,"loss_c":2,"rate":0.1,"seconds":4,"images_per_s":5,"smallest_cluster":6,\
      "largest_cluster":7,"empty_clusters":0,"labels_moved":0.5}
      """
    let report = try JSONDecoder().decode(EpochReport.self, from: Data(line.utf8))
    #expect(report.warnings == nil && report.dualSpread == nil && report.acc == nil)
  }

  @Test func `what a run ends with is judged after any number of epochs`() throws {
    func warnings(_ sizes: [Int], _ change: (inout TrainingSettings) -> Void = { _ in }) -> [RunWarning] {
      var settings = TrainingSettings.digits
      settings.epochs = 1
      change(&settings)
      return RunHealth(settings, images: 60, evaluatedHead: 0).warnings(ofResult: sizes)
    }
    #expect(warnings([20, 20, 20]) == [])
    #expect(warnings([30, 30, 0]).map(\.kind) == [.emptyClusters])
    let collapsed = warnings([0, 60, 0])
    #expect(collapsed.map(\.kind) == [.collapse, .emptyClusters])
    #expect(collapsed.allSatisfy { $0.change.hasSuffix("More --epochs (now 1) may do, too") })
    // Where each image was a cluster, nothing kept these apart.
    #expect(warnings([0, 60, 0]) { $0.constraint = .instance } == [])
    // Self-labelling after that clusters, and is advised to take fewer epochs, not more.
    let labelled = warnings([0, 60, 0]) {
      $0.constraint = .instance
      $0 = $0.forSelfLabelling
    }
    #expect(labelled.map(\.kind) == [.collapse, .emptyClusters])
    #expect(labelled.allSatisfy { !$0.change.contains("More --epochs") })
  }

  @Test func `a run reports its duals and its warnings`() throws {
    var reports: [EpochReport] = []
    let wild = try TinyRun.trainer(TinyRun.settings { $0.constraint = .size(SizeConstraint(dualRate: 50)) })
    try wild.run { if case .epochEnded(let report) = $0 { reports.append(report) } }
    let spread = wild.learner.heads.clusters.indices.map { h in
      let rows = wild.learner.heads.rowOffsets[h]..<wild.learner.heads.rowOffsets[h + 1]
      let duals = rows.map { wild.learner.heads.duals.base[$0] }
      return Double((duals.max() ?? 0) - (duals.min() ?? 0))
    }
    #expect(reports.last?.dualSpread == spread.max())
    #expect(reports.first?.warnings == [])
    #expect(reports.last?.warnings?.contains(.runawayDuals) == true)
    #expect(reports.last?.warnings == reports.last.map { wild.health.warnings($0).map(\.kind) })
    let entropy = try TinyRun.trainer(TinyRun.settings { $0.constraint = .entropy(.published) })
    try entropy.run { if case .epochEnded(let report) = $0 { #expect(report.dualSpread == nil) } }
  }

  @Test func `the spread of duals is the greatest of any head`() throws {
    let heads = try TinyRun.trainer(TinyRun.settings).learner.heads
    heads.duals.base.update(repeating: 0, count: heads.duals.count)
    (heads.duals.base[0], heads.duals.base[heads.total - 1]) = (3, 1)
    #expect(heads.dualSpread == 3)
  }
}
