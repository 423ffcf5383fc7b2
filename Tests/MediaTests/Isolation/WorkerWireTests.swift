import NIOCore
import Seeded
import Testing

@testable import Media

struct WorkerWireTests {
  static let frame = EncodedFrame(time: -1_234_567, isKeyFrame: true, data: ByteBuffer(string: "a frame"))
  static let sound = EncodedFrame(time: 5, isKeyFrame: true, data: ByteBuffer(string: "loud"), attenuation: 127)
  static let id = TranscoderID(number: 0xFFFF_FFFF)

  static let requests: [WorkerRequest] = [
    .open(
      Self.id,
      .sound(
        AudioFormat(codec: .aac, sampleRate: 44_100, channels: 2, configuration: ByteBuffer(string: "asc")),
        to: .opus(channels: 1, bitRate: 24_000))),
    .open(Self.id, .sound(AudioFormat(codec: .nellymoser, sampleRate: 0, channels: .max), to: .opus())),
    .open(Self.id, .picture(VideoFormat(codec: .h264, configuration: ByteBuffer()), to: .vp8(bitRate: .min))),
    .open(
      Self.id,
      .picture(
        VideoFormat(codec: .vp6Alpha), to: VideoTarget(codec: .h264, bitRate: 1, reduction: 8, pictureRate: 120))),
    .run(Self.id, .push(Self.frame)), .run(Self.id, .catchUp(Self.frame)), .run(Self.id, .showLatest()),
    .run(Self.id, .showLatest(at: WireFormat.maximumTime)), .run(Self.id, .requestKeyFrame),
    .run(Self.id, .repeatLatest(at: -WireFormat.maximumTime)),
    .run(Self.id, .setBitRate(nil)), .run(Self.id, .setBitRate(500_000)), .run(Self.id, .finish),
    .close(Self.id),
  ]

  static let replies: [WorkerReply] =
    [
      .hello(version: WireFormat.version, missing: .filter), .frame(Self.frame), .frame(Self.sound),
      .done(cpuTime: .max),
    ]
    + [
      MediaError.codecMissing(name: "x"), .configurationMissing(codec: "h264"),
      .configurationTooLong(codec: "aac", length: 2, limit: 1), .formatOutOfRange(field: "bit rate", value: .min),
      .openFailed(codec: "vp8", code: -22), .damaged(codec: "flv1", inARow: 101, code: .min),
      .encodingFailed(codec: "opus", code: 1), .scalingFailed(code: 2), .resamplingFailed(code: 3), .outOfMemory,
      .noWorker(code: 11),
    ].map { .failed(cpuTime: 7, $0) }

  private func bytes(_ request: WorkerRequest) -> ByteBuffer {
    var bytes = ByteBuffer()
    request.write(to: &bytes)
    return bytes
  }

  private func bytes(_ reply: WorkerReply) -> ByteBuffer {
    var bytes = ByteBuffer()
    reply.write(to: &bytes)
    return bytes
  }

  @Test(arguments: Self.requests) func aRequestIsReadAsItWasWritten(_ request: WorkerRequest) throws {
    var bytes = self.bytes(request)
    var message = try #require(try WireFormat.nextMessage(of: &bytes))
    #expect(try WorkerRequest(reading: &message) == request)
    #expect(bytes.readableBytes == 0)
  }

  @Test(arguments: Self.replies) func aReplyIsReadAsItWasWritten(_ reply: WorkerReply) throws {
    var bytes = self.bytes(reply)
    var message = try #require(try WireFormat.nextMessage(of: &bytes))
    #expect(try WorkerReply(reading: &message) == reply)
    #expect(bytes.readableBytes == 0)
  }

  @Test func messagesComeOutWhole() throws {
    var stream = ByteBuffer()
    for reply in Self.replies { reply.write(to: &stream) }
    var received = ByteBuffer()
    var read: [WorkerReply] = []
    for byte in stream.readableBytesView {
      received.writeInteger(byte)
      while var message = try WireFormat.nextMessage(of: &received) { read.append(try WorkerReply(reading: &message)) }
    }
    #expect(read == Self.replies)
  }

  @Test func aMessageThatEndsTooSoonOrTooLateIsRefused() {
    for reply in Self.replies {
      // A frame takes all that is left: it cannot be too short, as its data has no length of its own.
      if case .frame = reply { continue }
      let body = self.bytes(reply).readableBytesView.dropFirst(4)
      for length in body.indices.indices.map({ $0 - body.startIndex }) {
        var short = ByteBuffer(bytes: body.prefix(length))
        #expect(throws: WireError.self) { try WorkerReply(reading: &short) }
      }
      var long = ByteBuffer(bytes: body + [0])
      #expect(throws: WireError.self) { try WorkerReply(reading: &long) }
    }
  }

  @Test func lengthsAreCheckedBeforeMemoryIsTaken() throws {
    var allowed = ByteBuffer()
    allowed.writeInteger(UInt32(WireFormat.maximumMessage))
    #expect(try WireFormat.nextMessage(of: &allowed) == nil)
    var beyond = ByteBuffer()
    beyond.writeInteger(UInt32(WireFormat.maximumMessage + 1))
    #expect(throws: WireError.tooLong(length: WireFormat.maximumMessage + 1, limit: WireFormat.maximumMessage)) {
      try WireFormat.nextMessage(of: &beyond)
    }
  }

  @Test func aLevelBeyondTheScaleIsRefused() {
    var frame = ByteBuffer()
    frame.writeMultipleIntegers(UInt8(2), Int64(0), UInt8(3), UInt8(128))
    #expect(throws: WireError.unknown(field: "level", value: 128)) { try WorkerReply(reading: &frame) }
  }

  @Test func timesAndFramesBeyondTheLimitsAreRefused() throws {
    var late = ByteBuffer()
    late.writeMultipleIntegers(UInt8(2), WireFormat.maximumTime + 1, UInt8(0))
    #expect(throws: WireError.timeOutOfRange(WireFormat.maximumTime + 1)) { try WorkerReply(reading: &late) }
    let limit = MediaLimits().encodedFrame
    for (size, isTaken) in [(limit, true), (limit + 1, false)] {
      var frame = ByteBuffer()
      frame.writeMultipleIntegers(UInt8(2), Int64(0), UInt8(1))
      frame.writeRepeatingByte(7, count: size)
      let read = try? WorkerReply(reading: &frame)
      #expect((read != nil) == isTaken)
    }
  }

  /// What a transcoder would refuse is refused there too, when it runs in another process.
  @Test func whatIsTooLongToSendIsRefusedAtTheOtherEnd() throws {
    let limits = MediaLimits()
    let record = ByteBuffer(repeating: 1, count: limits.configuration + 100)
    let format = VideoFormat(codec: .h264, configuration: record)
    var bytes = self.bytes(.open(Self.id, .picture(format, to: .vp8())))
    var message = try #require(try WireFormat.nextMessage(of: &bytes))
    guard case .open(_, let settings) = try WorkerRequest(reading: &message) else { return #expect(Bool(false)) }
    #expect(throws: MediaError.self) { try Transcoder(settings) }
    let frame = EncodedFrame(time: 0, isKeyFrame: true, data: ByteBuffer(repeating: 1, count: limits.encodedFrame + 1))
    bytes = self.bytes(.run(Self.id, .push(frame)))
    message = try #require(try WireFormat.nextMessage(of: &bytes))
    guard case .run(_, .push(let read)) = try WorkerRequest(reading: &message) else { return #expect(Bool(false)) }
    #expect(read.data.readableBytes == 0)
  }

  @Test func mutatedMessagesDoNoHarm() throws {
    var random = SeededGenerator(seed: 20)
    let sources = Self.requests.map(self.bytes) + Self.replies.map(self.bytes)
    for _ in 0..<20_000 {
      var bytes = try #require(sources.randomElement(using: &random)).mutated(using: &random)
      guard let message = try? WireFormat.nextMessage(of: &bytes) else { continue }
      var (request, reply) = (message, message)
      // What is read can be written and read again.
      if let read = try? WorkerRequest(reading: &request) {
        var again = self.bytes(read)
        var message = try #require(try WireFormat.nextMessage(of: &again))
        #expect(try WorkerRequest(reading: &message) == read)
      }
      if let read = try? WorkerReply(reading: &reply) {
        var again = self.bytes(read)
        var message = try #require(try WireFormat.nextMessage(of: &again))
        #expect(try WorkerReply(reading: &message) == read)
      }
    }
  }
}
