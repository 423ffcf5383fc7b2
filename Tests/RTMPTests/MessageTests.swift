import AMF
import NIOCore
import Testing

@testable import RTMP

@Suite("Messages")
struct MessageTests {
  @Test(arguments: [
    ProtocolControl.setChunkSize(4096), .abort(chunkStream: 6), .acknowledgement(.max),
    .windowAcknowledgementSize(2_500_000), .setPeerBandwidth(2_500_000, limitType: 2),
  ])
  func protocolControlIsReadBack(control: ProtocolControl) throws {
    #expect(try ProtocolControl(control.message) == control)
    #expect(control.message.chunkStream == 2)
    #expect(control.message.streamID == 0)
  }

  @Test(arguments: [
    UserControl.streamBegin(1), .streamEOF(2), .streamDry(3), .setBufferLength(stream: 4, milliseconds: 36_000_000),
    .streamIsRecorded(5), .pingRequest(6), .pingResponse(7), .other(0x1A),
  ])
  func userControlIsReadBack(control: UserControl) throws {
    #expect(try UserControl(control.message) == control)
  }

  @Test(arguments: [1, 2, 3, 5, 6] as [UInt8], [0, 3, 9, 70])
  func protocolControlOfAnotherLengthIsAnError(type: UInt8, length: Int) {
    let message = Message(
      type: MessageType(rawValue: type), chunkStream: 2, body: ByteBuffer(repeating: 0, count: length))
    #expect(throws: RTMPError.malformedMessage(type: type, length: length)) { _ = try ProtocolControl(message) }
  }

  @Test(arguments: [0, 1, 5, 65])
  func userControlOfAnotherLengthIsAnError(length: Int) {
    let message = Message(type: .userControl, chunkStream: 2, body: ByteBuffer(repeating: 0, count: length))
    #expect(throws: RTMPError.malformedMessage(type: 4, length: length)) { _ = try UserControl(message) }
  }

  // MARK: Aggregates

  private func part(_ type: UInt8, time: UInt32, _ body: [UInt8]) -> [UInt8] {
    join(
      [type], Wire.be24(UInt32(body.count)), Wire.be24(time & 0xFF_FFFF), [UInt8(time >> 24)], [0, 0, 0], body,
      Wire.be32(UInt32(body.count + 11)))
  }

  private func parts(_ body: [UInt8], time: UInt32 = 5000) throws -> [Message] {
    var aggregate = Aggregate(
      Message(type: .aggregate, streamID: 1, timestamp: time, chunkStream: 6, body: ByteBuffer(bytes: body)))
    var parts: [Message] = []
    while let part = try aggregate.next() { parts.append(part) }
    return parts
  }

  @Test func aggregateTimesAreRelativeToTheFirstPart() throws {
    let body = join(
      part(8, time: 0x0100_0000, [1, 2]), part(9, time: 0x0100_0028, [3]), part(8, time: 0x0100_0014, [4, 5, 6]))
    let messages = try parts(body)
    #expect(messages.map(\.timestamp) == [5000, 5040, 5020])
    #expect(messages.map(\.type) == [.audio, .video, .audio])
    #expect(messages.map { Array($0.body.readableBytesView) } == [[1, 2], [3], [4, 5, 6]])
    #expect(try parts(body.dropLast(4)).count == 3, "the last back pointer may be missing")
  }

  @Test func aggregatePartsPastTheEndAreErrors() {
    let body = part(8, time: 0, [1, 2, 3])
    for length in 1..<body.count - 4 {
      #expect(throws: RTMPError.self, "\(length) bytes") { _ = try parts(Array(body[..<length])) }
    }
  }

  // MARK: Commands

  @Test func commandIsReadBack() throws {
    let command = Command(
      "connect", transaction: 1, object: ["app": "live", "fpad": false], arguments: [true, "key", nil])
    #expect(try Command(try command.message()) == command)
  }

  @Test func amf3CommandsHoldAMF0BehindAZeroByte() throws {
    let command = Command("publish", transaction: 4, arguments: ["alice", "live"])
    var message = try command.message()
    let plain = message.body
    message.type = .commandAMF3
    #expect(try Command(message) == command, "left out by some libraries")
    message.body = ByteBuffer(bytes: [0] + plain.readableBytesView)
    #expect(try Command(message) == command)
  }

  @Test func amf3CommandsMaySwitchOneValueToAMF3() throws {
    var body = ByteBuffer(bytes: [0])
    var encoder = AMF0Encoder()
    try encoder.encode("call", into: &body)
    try encoder.encode(2, into: &body)
    try encoder.encode(.null, into: &body)
    body.writeBytes([0x11, 0x06, 0x07, 0x61, 0x62, 0x63])
    let command = try Command(Message(type: .commandAMF3, chunkStream: 3, body: body))
    #expect(command?.arguments == ["abc"])
  }

  @Test func pureAMF3FollowsAThree() throws {
    var body = ByteBuffer(bytes: [3])
    var encoder = AMF3Encoder()
    for value in ["createStream", 2, .null] as [AMFValue] { try encoder.encode(value, into: &body) }
    let command = try Command(Message(type: .commandAMF3, chunkStream: 3, body: body))
    #expect(command == Command("createStream", transaction: 2))
  }

  @Test func commandsNeedANameAndANumber() throws {
    for values in [[], ["x"], [1, 1], ["x", "y"]] as [[AMFValue]] {
      var body = ByteBuffer()
      var encoder = AMF0Encoder()
      for value in values { try encoder.encode(value, into: &body) }
      #expect(throws: RTMPError.commandWithoutName) {
        _ = try Command(Message(type: .commandAMF0, chunkStream: 3, body: body))
      }
    }
  }

  // MARK: Data

  private func data(_ values: [AMFValue], type: MessageType = .dataAMF0) throws -> Message {
    var body = ByteBuffer()
    if type == .dataAMF3 { body.writeInteger(UInt8(0)) }
    var encoder = AMF0Encoder()
    for value in values { try encoder.encode(value, into: &body) }
    return Message(type: type, streamID: 1, chunkStream: 4, body: body)
  }

  @Test(arguments: [MessageType.dataAMF0, .dataAMF3])
  func metadataIsTakenOutOfSetDataFrame(type: MessageType) throws {
    let values: AMFValue = ["width": 64]
    let message = try #require(DataMessage(try data(["@setDataFrame", "onMetaData", values], type: type)))
    #expect(message.handler == "onMetaData")
    #expect(message.metadata == values)
    #expect(message.body == (try data(["onMetaData", values])).body)
  }

  @Test func otherDataIsPassedOnWhole() throws {
    let message = try #require(DataMessage(try data(["onCuePoint", ["name": "x"]])))
    #expect(message.handler == "onCuePoint")
    #expect(message.metadata == nil)
    #expect(message.body == (try data(["onCuePoint", ["name": "x"]])).body)
  }

  @Test(arguments: [MessageType.dataAMF0, .dataAMF3])
  func whoLooksOnSeesAllValuesOfData(type: MessageType) throws {
    let message = try #require(DataMessage(try data(["onChat", "hello", 7, ["seat": 3]], type: type)))
    #expect(message.arguments == ["hello", 7, ["seat": 3]])
    #expect(try #require(DataMessage(try data(["@setDataFrame", "onMetaData", ["a": 1]]))).arguments == [["a": 1]])
  }

  @Test func valuesBehindADamagedOneAreNotGuessed() throws {
    var raw = try data(["onChat", "hello", "world"])
    raw.body.moveWriterIndex(to: raw.body.writerIndex - 2)
    #expect(try #require(DataMessage(raw)).arguments == ["hello"])
  }

  @Test func valuesOfDataAreBounded() throws {
    let values = Array(repeating: AMFValue.number(1), count: 100)
    #expect(try #require(DataMessage(try data(["onFlood"] + values))).arguments.count == 64)
  }

  @Test func damagedMetadataIsNoError() throws {
    var raw = try data(["onMetaData", ["width": 64]])
    raw.body.moveWriterIndex(to: raw.body.writerIndex - 5)
    let message = try #require(DataMessage(raw))
    #expect(message.handler == "onMetaData")
    #expect(message.metadata == nil)
    #expect(message.body == raw.body)
  }

  // MARK: Queries

  @Test(arguments: [
    ("alice", "alice", []),
    ("alice?key=k1", "alice", [QueryItem(name: "key", value: "k1")]),
    ("alice?key=a%2Fb%20c&x", "alice", [QueryItem(name: "key", value: "a/b c"), QueryItem(name: "x", value: "")]),
    ("live?a=1?key=2", "live", [QueryItem(name: "a", value: "1"), QueryItem(name: "key", value: "2")]),
    ("x?key=100%", "x", [QueryItem(name: "key", value: "100%")]),
    ("x?key=%ff%zz=", "x", [QueryItem(name: "key", value: "%ff%zz=")]),
    ("?key=k", "", [QueryItem(name: "key", value: "k")]),
  ])
  func queriesAreTakenApart(text: String, path: String, items: [QueryItem]) {
    let split = QueryItem.split(text)
    #expect(split.path == path)
    #expect(split.items == items)
  }
}
