import LoadPeers

/// Publishers and players at work against one gateway, all on this thread.
final class Scene {
  private let gateway: Gateway
  private let publication: Publication
  private let identity: ReceiverIdentity
  private let poller = Poller()
  private(set) var publishers: [Publisher] = []
  private(set) var players: [Player] = []
  private var nextTick: UInt64 = 0

  enum Failure: Error { case notConnected, notAnswered, publishersLost(Int), playersMissing(Int) }

  init(_ gateway: Gateway, _ publication: Publication, _ identity: ReceiverIdentity) {
    self.gateway = gateway
    self.publication = publication
    self.identity = identity
  }

  /// - Parameters:
  ///   - isSilent: it is let in, and sends nothing.
  ///   - source: the address it comes from, for one by plain RTMP.
  func addPublisher(by way: Way = .rtmp, isSilent: Bool = false, from source: UInt32? = nil) throws {
    let started = monotonicTime()
    let link: (any PublisherLink)? =
      switch way {
      case .rtmp: SocketLink(port: self.gateway.rtmpPort, from: source)
      case .rtmps: TLSLink(port: self.gateway.httpsPort)
      case .rtmpt: TunnelLink(port: self.gateway.rtmpPort)
      }
    guard let link else { throw Failure.notConnected }
    let publisher = Publisher(
      link, name: "p\(self.publishers.count)", isSilent ? nil : self.publication, since: started)
    self.publishers.append(publisher)
    self.poller.add(publisher)
  }

  /// How a publisher's bytes travel.
  enum Way: String {
    case rtmp = "RTMP"
    case rtmps = "RTMPS"
    case rtmpt = "RTMPT"
  }

  /// A player of a publisher. Its HTTPS connection stands before the offer is timed.
  func addPlayer(of publisher: Int = 0) throws {
    guard let https = HTTPSClient(port: self.gateway.httpsPort) else { throw Failure.notConnected }
    guard let player = Player(https, path: "/whep/bench/p\(publisher)", self.identity) else {
      throw Failure.notAnswered
    }
    self.players.append(player)
    self.poller.add(player)
  }

  /// Goes on until all publishers may speak.
  func awaitConsent() throws {
    let end = monotonicTime() + 20_000_000_000
    while let waiting = self.publishers.last(where: { $0.timeToPublish == nil }) {
      try self.run(seconds: 0.002)
      if waiting.timeToPublish == nil, monotonicTime() > end {
        throw Failure.publishersLost(self.publishers.count { $0.timeToPublish == nil })
      }
    }
  }

  /// Goes on for so long.
  ///
  /// - Parameter expectsLosses: that the gateway closes publishers' connections is no failure.
  func run(seconds: Double, expectsLosses: Bool = false) throws {
    let end = monotonicTime() + UInt64(seconds * 1e9)
    while true {
      let now = monotonicTime()
      if now >= end { break }
      var next = min(end, now + 5_000_000)
      for publisher in self.publishers {
        while let due = publisher.due {
          guard due <= now else {
            next = min(next, due)
            break
          }
          publisher.send()
        }
      }
      self.poller.poll(until: next)
      if now >= self.nextTick {
        self.nextTick = now + 20_000_000
        for player in self.players { player.elapsed(at: now) }
        for publisher in self.publishers { publisher.elapsed(at: now) }
      }
    }
    let lost = expectsLosses ? 0 : self.publishers.count { $0.isLost }
    guard lost == 0 else { throw Failure.publishersLost(lost) }
  }

  func end() throws {
    for player in self.players {
      player.leave()
      self.poller.remove(player)
    }
    try self.run(seconds: 0.1)
    for publisher in self.publishers { self.poller.remove(publisher) }
    self.players = []
    self.publishers = []
  }
}
