import Kernels
import Basics
import Clustering
import Networks
import Training
import Imaging
import Datasets
import Foundation
func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
let args = CommandLine.arguments
let e = try Engine(cores: Cores(threads: Int(args[1])!))
if args[2] == "step" {
  for (name, h, ch, hd) in [("compact", 32, 3, Array(stride(from: 10, through: 100, by: 10))), ("digits", 8, 1, [10,20,30,40,50])] {
  var s = TrainingSettings.digits
  s.network = ResNet(height: h, width: h, channels: ch, widths: [16,32,64], blocks: [1,1,1])
  s.heads = hd
  let l = try Learner(s, images: 5000, engine: e); l.initialize(seed: 0)
  var r = RandomStream(seed: 1, purpose: .benchmark); for i in 0..<l.views.count { l.views.base[i] = r.normal() }
  l.beginEpoch()
  var t: [Double] = []
  for i in 0..<12 { let a = now(); let q = l.step(ids: Array(0..<128), firstEpoch: i == 0, rate: 0.1, centerRate: 1.2); t.append(now()-a); if i % 4 == 0 { print(q) } }
  t = t.dropFirst(2).sorted(); print(name, "median ms", t[t.count/2]*1e3, "min", t[0]*1e3, "arena MB", l.network.arenaBytes >> 20)
  }
} else {
  var s = TrainingSettings.digits
  s.seed = UInt64(args[3])!
  for a in args.dropFirst(4) { let p = a.split(separator: "="); let v = Float(p[1])!; switch p[0] { case "epochs": s.epochs = Int(v); case "passes": s.passesPerEpoch = Int(v); case "rate": s.rate = v; case "crate": s.centerRate = v; case "crop": s.augmentation.smallestCrop = Double(v); case "rot": s.augmentation.largestRotation = Double(v); case "shift": s.augmentation.largestShift = Double(v); case "noise": s.augmentation.noise = Double(v); case "bright": s.augmentation.brightness = Double(v); case "warm": s.warmupEpochs = Int(v); case "batch": s.batch = Int(v); case "wd": s.weightDecay = v; case "tx": s.losses.representationTemperature = v; case "tw": s.losses.centerTemperature = v; case "tau": s.losses.hardLabelWeight = v; case "eta": s.constraint.dualRate = v; case "gamma": s.constraint.ratio = v; case "w": s.network.widths = [Int(v), 2*Int(v), 4*Int(v)]; case "aspect": s.augmentation.smallestAspect = 1/Double(v); s.augmentation.largestAspect = Double(v); case "contrast": s.augmentation.contrast = Double(v); case "stages": s.network.widths = Array(s.network.widths.prefix(Int(v))); s.network.blocks = Array(s.network.blocks.prefix(Int(v))); case "heads": s.heads = (1...Int(v)).map { $0*10 }; case "heads10": s.heads = (1...Int(v)).map { _ in 10 }; default: fatalError(String(p[0])) } }
  let set = Digits.images
  let vm = try ViewMaker(set, recipe: s.augmentation)
  let l = try Learner(s, images: set.count, engine: e); l.initialize(seed: s.seed)
  let sched = s.schedule(images: set.count)
  let start = now(); var tv = 0.0
  for ep in 0..<s.epochs {
    l.beginEpoch(); var k = 0; var lx = 0.0, lc = 0.0
    for p in 0..<s.passesPerEpoch {
      var os = RandomStream(seed: s.seed, purpose: .order, UInt32(ep*s.passesPerEpoch+p)); let order = os.permutation(set.count)
      var i = 0
      while i < set.count { let ids = Array(order[i..<min(set.count, i+s.batch)]); i += s.batch
        let a = now(); try vm.views(of: ids, seed: s.seed, pass: ep*s.passesPerEpoch+p, cores: e.cores, into: l.views.base); tv += now()-a
        let q = l.step(ids: ids, firstEpoch: ep == 0, rate: sched.rate(epoch: ep, step: k), centerRate: s.centerRate); k += 1; lx += q.representation; lc += q.center }
    }
    if ep % 5 == 4 || ep == s.epochs-1 { 
      let buf = UnsafeMutablePointer<Float>.allocate(capacity: 256*64)
      var pred: [Int] = []; var i = 0
      while i < set.count { let n = min(2*s.batch, set.count-i); try vm.cleanViews(of: Array(i..<i+n), cores: e.cores, into: buf); let f = l.embed(buf, count: n); pred += l.heads.predict(f, rows: n, head: 0, on: e).map(\.cluster); i += n }
      let sc = try ClusteringScores(clusterLabels: pred, classLabels: set.labels!)
      print(ep, "lx", lx/Double(k), "lc", lc/Double(k), "acc", sc.accuracy, "nmi", sc.nmi, "ari", sc.ari, "s", now()-start, "views s", tv)
    }
  }
}
