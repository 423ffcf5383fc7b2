import NIOCore

/// When a picture that stands still is shown again, though nothing new came from the publisher.
///
/// Who shares slides sends one picture and then nothing. A browser that missed it, because it was lost or came while the
/// browser still took the answer that announces it, has no later packet to tell it so, and browsers ask for a key frame
/// only while packets come. So the picture goes out again, soon at first and then as often as keeps their questions
/// alive. What was encoded in haste becomes sharper by it, and costs little when it already is.
///
/// Where pictures moved until now and then stop, the publisher or its line hangs; after a few turns that is left to be
/// seen. Slides go on.
struct StandingPicture {
  /// How long a picture stands until it is shown again for the first time.
  private let patience: TimeAmount
  private var since: NIODeadline?
  /// Between the newest two pictures; nil while there is one.
  private var interval: TimeAmount?
  private var repeats = 0
  private var next = NIODeadline.distantFuture

  init(patience: TimeAmount) { self.patience = patience }

  /// A picture came.
  mutating func picture(at now: NIODeadline) {
    interval = since.map { now - $0 }
    since = now
    begin(at: now)
  }

  /// Somebody came to whom the standing picture is new.
  mutating func joined(at now: NIODeadline) {
    if since != nil { begin(at: now) }
  }

  /// When it is due to be shown again; nil before the first picture, and where it is not to be shown any more.
  ///
  /// - Parameter isScreen: whether it is a picture of a screen, which moves for a while and then stands.
  func deadline(isScreen: Bool) -> NIODeadline? {
    guard since != nil else { return nil }
    return repeats < Self.turns || isScreen || isRare ? next : nil
  }

  private var isRare: Bool { interval.map { $0 >= Self.rare } ?? true }

  /// For how long it has stood; zero while the next one is about to come.
  func age(at now: NIODeadline) -> TimeAmount {
    guard let since, now - since >= patience else { return .zero }
    return now - since
  }

  /// Whether it is due; then the next time is set. Returns how often it was shown again before.
  mutating func takeTurn(at now: NIODeadline, isScreen: Bool) -> Int? {
    guard let due = deadline(isScreen: isScreen), now >= due else { return nil }
    defer { repeats += 1 }
    next = now + min(patience * (1 << min(repeats + 1, 8)), Self.longest)
    return repeats
  }

  private mutating func begin(at now: NIODeadline) {
    repeats = 0
    next = now + patience
  }

  /// Pages call a picture stalled that has not come for 2 s; Chromium asks for none any more after 5 s without a packet.
  private static let longest = TimeAmount.milliseconds(1_500)
  /// How often a picture that moved is shown again.
  private static let turns = 4
  private static let rare = TimeAmount.seconds(1)
}
