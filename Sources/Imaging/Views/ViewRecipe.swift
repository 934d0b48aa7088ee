/// How one of the two views of each image is made.
public enum ViewRecipe: Hashable, Sendable {
  /// The image itself: resized, with nothing random.
  case clean
  /// A random view; where the recipe has two probabilities, the first view takes the first.
  case random(Augmentation)
  /// A strongly augmented view.
  case strong(StrongAugmentation)
}
