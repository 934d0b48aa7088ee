/// Mirrors every row, left to right.
enum Flip {
  static func apply(_ view: Planes) {
    var row = view.base
    let end = view.base + view.count
    while row < end {
      var (left, right) = (0, view.width &- 1)
      while left < right {
        (row[left], row[right]) = (row[right], row[left])
        left &+= 1
        right &-= 1
      }
      row += view.width
    }
  }
}
