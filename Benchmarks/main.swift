import Kernels
import Basics
import Foundation
func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
func buf(_ n: Int) -> UnsafeMutablePointer<Float> { let p = UnsafeMutablePointer<Float>.allocate(capacity: n+64); var s = RandomStream(seed: 1, purpose: .benchmark, UInt32(truncatingIfNeeded: n)); for i in 0..<n { p[i] = s.uniform(in: -1...1) }; return p }
func best(_ f: () -> Void) -> Double { f(); var b = 1e9; for _ in 0..<5 { let t = now(); f(); b = min(b, now()-t) }; return b }
let th = Int(CommandLine.arguments.dropFirst().first ?? "2")!
let e = try Engine(cores: Cores(threads: th))
print(e.instructionSet, th)
// correctness first
for (n,h,w,ci,co,k,s,p) in [(5,9,9,19,23,3,1,1),(3,12,12,16,48,3,2,1),(3,13,11,8,16,3,2,1),(3,7,7,33,17,1,1,0),(4,8,8,16,32,1,2,0),(1,30,30,3,40,7,2,3),(2,18,18,3,64,3,1,1),(4,8,8,1,16,3,1,1),(17,4,4,64,64,3,1,1),(1,1,1,1,1,3,1,1),(13,2,2,64,64,3,1,1),(5,6,6,5,7,5,3,2)] {
  let sh = ConvolutionShape(batch: n, height: h, width: w, inputChannels: ci, outputChannels: co, kernel: k, stride: s, padding: p)
  let x = buf(sh.inputCount), wt = buf(sh.weightCount), dy = buf(sh.outputCount)
  let c = Convolution(sh)
  func diff(_ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>, _ n: Int) -> Float { var m: Float = 0; for i in 0..<n { m = max(m, abs(a[i]-b[i])) }; return m }
  let y = buf(sh.outputCount), y2 = buf(sh.outputCount), dx = buf(sh.inputCount), dx2 = buf(sh.inputCount), dw = buf(sh.weightCount), dw2 = buf(sh.weightCount)
  c.forward(on: e, x: x, w: wt, y: y, count: n); ConvolutionReference.forward(sh, x: x, w: wt, y: y2)
  c.inputGradient(on: e, dy: dy, w: wt, dx: dx, count: n, accumulate: false); ConvolutionReference.inputGradient(sh, dy: dy, w: wt, dx: dx2)
  c.weightGradient(on: e, x: x, dy: dy, dw: dw, count: n, accumulate: false); ConvolutionReference.weightGradient(sh, x: x, dy: dy, dw: dw2)
  print(n,h,w,ci,co,k,s,p, diff(y,y2,sh.outputCount), diff(dx,dx2,sh.inputCount), diff(dw,dw2,sh.weightCount))
}
var total = 0.0
for (b,ci,co,h,k,s) in [(256,3,16,32,3,1),(256,16,16,32,3,1),(256,16,32,32,3,2),(256,16,32,32,1,2),(256,32,32,16,3,1),(256,32,64,16,3,2),(256,64,64,8,3,1),(256,1,16,8,3,1),(256,16,16,8,3,1),(256,16,32,8,3,2),(256,32,32,4,3,1),(256,32,64,4,3,2),(256,64,64,2,3,1),(128,64,64,32,3,1),(128,128,128,16,3,1),(128,256,256,8,3,1),(128,512,512,4,3,1)] {
  let sh = ConvolutionShape(batch: b, height: h, width: h, inputChannels: ci, outputChannels: co, kernel: k, stride: s, padding: k/2)
  let x = buf(sh.inputCount), wt = buf(sh.weightCount), dy = buf(sh.outputCount)
  let c = Convolution(sh)
  let y = buf(sh.outputCount), dx = buf(sh.inputCount), dw = buf(sh.weightCount)
  let f = Double(sh.flops)/1e9
  let t1 = best { c.forward(on: e, x: x, w: wt, y: y, count: b) }
  let t2 = best { c.inputGradient(on: e, dy: dy, w: wt, dx: dx, count: b, accumulate: false) }
  let t3 = best { c.weightGradient(on: e, x: x, dy: dy, dw: dw, count: b, accumulate: false) }
  total += t1+t2+t3
  print(b,ci,co,h,k,s, "fwd", Int(f/t1), "dgrad", Int(f/t2), "wgrad", Int(f/t3), "ms", t1*1e3, t2*1e3, t3*1e3)
  for p in [x,wt,dy,y,dx,dw] { p.deallocate() }
}
