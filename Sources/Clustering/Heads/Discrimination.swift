/// Which centers a center loss moves, and how hard each image pulls: SeCu's own loss and the two that its paper compares it with.
///
/// All three are minimised by the same gradient descent, on x = sg(x) of unit length (sg: "stop gradient", a constant to the gradient), unit
/// centers w, the fresh label y and p_j = softmax(x·w/t_w)_j; they differ in what reaches w_j:
///
///     stable         ∂ℓ_w/∂w_y = −(1 − p_y)·x/t_w,  every other center 0
///     crossEntropy   ∂ℓ_w/∂w_j = (p_j − [j = y])·x/t_w  for every center
///     uniform        ∂ℓ_w/∂w_y = −x/t_w,  every other center 0
///
/// In JSON: `"stable"`, `"crossEntropy"` or `"uniform"`.
public enum Discrimination: String, Codable, CaseIterable, Hashable, Sendable {
  /// SeCu's stable cluster discrimination: ℓ_w = −log p_y, where all centers but the assigned one are held still, sg(w_k). Hard
  /// images, those of small p_y, weigh more. Source: Q. Qian, "Stable Cluster Discrimination for Deep Clustering", ICCV 2023: the
  /// center loss, whose fixed point is w_j ∝ Σ_{i: y_i = j} (1 − p_ij)·x_i, with p_ij the p_j of image i.
  case stable
  /// The conventional cluster discrimination: the same value, ℓ_w = −log p_y, with nothing held still. A center that no image of the
  /// batch belongs to is only pushed away, which the paper shows to be what makes one-stage clustering unstable. With
  /// `AssignmentConstraint.instance`, where every image is a cluster of its own, this is parametric instance discrimination.
  case crossEntropy
  /// k-means' centers: ℓ_w = −x·w_y/t_w, which is not a log-probability and may be negative. Every image pulls its center with the same
  /// weight, so that the fixed point is w_j ∝ Σ_{i: y_i = j} x_i, as in CoKe (Q. Qian, Y. Xu, J. Hu, H. Li, R. Jin, "Unsupervised
  /// Visual Representation Learning by Online Constrained K-Means", CVPR 2022). CoKe publishes a running mean of the features
  /// assigned to a center in this epoch, without gradient descent; that the mean is approached by gradient descent with momentum, and
  /// normalised like the other two's centers, is this project's, so that only the weight differs in a comparison.
  case uniform
}
