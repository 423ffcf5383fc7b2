import Glibc

/// Takes memory and frees it, out of the optimizer's sight: a block that nobody else sees is never allocated.
enum Sink {
  @inline(never)
  @_optimize(none)
  static func keep(_ block: UnsafeMutableRawPointer?) {
    free(block)
  }

  /// Copies that many bytes.
  @inline(never)
  @_optimize(none)
  static func copy(_ count: Int) {
    guard let from = calloc(1, count) else { return }
    defer { free(from) }
    guard let to = malloc(count) else { return }
    defer { free(to) }
    memcpy(to, from, count)
  }
}
