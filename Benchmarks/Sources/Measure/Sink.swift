import Glibc

/// Takes memory and frees it, out of the optimizer's sight: a block that nobody else sees is never allocated.
enum Sink {
  @inline(never)
  @_optimize(none)
  static func keep(_ block: UnsafeMutableRawPointer?) {
    free(block)
  }
}
