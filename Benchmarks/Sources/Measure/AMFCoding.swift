import AMF
import Foundation
import NIOCore

/// AMF0: what each connection costs, the command object of `connect` and the metadata.
enum AMFCoding {
  static func measure(_ watch: Stopwatch) throws {
    let repeats = 2_000
    for (name, values, json) in [
      ("connect", self.connect, self.connectJSON), ("onMetaData", self.metadata, self.metadataJSON),
    ] {
      let encoded = try self.encode(values)
      let decoding = try watch.read(
        {
          for _ in 0..<repeats {
            var bytes = encoded
            var decoder = AMF0Decoder()
            while bytes.readableBytes > 0 { _ = try decoder.decode(&bytes) }
          }
        },
        against: [
          ("JSONSerialization", { for _ in 0..<repeats { _ = try JSONSerialization.jsonObject(with: json) } })
        ])
      Table.add(
        "AMF0:Decode \(name)", decoding, count: repeats, unit: "message", note: " of \(encoded.readableBytes) B")
      let object = try JSONSerialization.jsonObject(with: json)
      let encoding = try watch.read(
        { for _ in 0..<repeats { _ = try self.encode(values) } },
        against: [
          ("JSONSerialization", { for _ in 0..<repeats { _ = try JSONSerialization.data(withJSONObject: object) } })
        ])
      Table.add("AMF0:Encode \(name)", encoding, count: repeats, unit: "message")
    }
  }

  static func encode(_ values: [AMFValue]) throws -> ByteBuffer {
    var buffer = ByteBuffer()
    var encoder = AMF0Encoder()
    for value in values { try encoder.encode(value, into: &buffer) }
    return buffer
  }

  static let connect: [AMFValue] = [
    "connect", 1,
    .object([
      "app": "live/demo", "flashVer": "WIN 32,0,0,465", "swfUrl": "https://rooms.example.org/client.swf",
      "tcUrl": "rtmp://rooms.example.org/live/demo", "fpad": false, "capabilities": 239, "audioCodecs": 3575,
      "videoCodecs": 252, "videoFunction": 1, "pageUrl": "https://rooms.example.org/room/demo", "objectEncoding": 3,
    ]),
  ]

  static let connectJSON = Data(
    """
    ["connect",1,{"app":"live/demo","flashVer":"WIN 32,0,0,465","swfUrl":"https://rooms.example.org/client.swf",\
    "tcUrl":"rtmp://rooms.example.org/live/demo","fpad":false,"capabilities":239,"audioCodecs":3575,\
    "videoCodecs":252,"videoFunction":1,"pageUrl":"https://rooms.example.org/room/demo","objectEncoding":3}]
    """.utf8)

  static let metadata: [AMFValue] = [
    "@setDataFrame", "onMetaData",
    .object([
      "duration": 0, "width": 640, "height": 480, "videodatarate": 878.9, "framerate": 25, "videocodecid": 7,
      "audiodatarate": 62.5, "audiosamplerate": 44_100, "audiosamplesize": 16, "stereo": true, "audiocodecid": 10,
      "encoder": "Lavf59.27.100", "filesize": 0,
    ]),
  ]

  static let metadataJSON = Data(
    """
    ["@setDataFrame","onMetaData",{"duration":0,"width":640,"height":480,"videodatarate":878.9,"framerate":25,\
    "videocodecid":7,"audiodatarate":62.5,"audiosamplerate":44100,"audiosamplesize":16,"stereo":true,\
    "audiocodecid":10,"encoder":"Lavf59.27.100","filesize":0}]
    """.utf8)
}
