import Media
import NIOCore
import RTP
import Testing

@testable import Rooms

@Suite struct RenditionTests {
  @Test(
    arguments: [
      ([.vp8, .h264], .video, PayloadCodec.h264, .untouched(.h264)),
      ([.vp8, .h264], .video, nil, .picture(.vp8())),
      ([.h264], .video, nil, .picture(.h264())),
      ([.vp8], .video, .h264, .picture(.vp8())),
      ([.opus], .video, nil, nil),
      ([.opus, .pcmu, .pcma], .audio, .pcmu, .sound(.opus())),
      ([.pcmu, .pcma], .audio, .pcma, .untouched(.pcma)),
      ([.pcmu], .audio, .pcma, nil),
      ([.pcmu], .audio, nil, nil),
    ] as [(Set<PayloadCodec>, MediaKind, PayloadCodec?, Rendition?)])
  func whatAReceiverGets(_ codecs: Set<PayloadCodec>, _ kind: MediaKind, _ untouched: PayloadCodec?, _ gets: Rendition?)
  {
    #expect(Rendition.chosen(for: codecs, kind: kind, untouched: untouched) == gets)
    if let gets { #expect(codecs.contains(gets.payload)) }
  }

  @Test(
    arguments: [
      (66, PayloadCodec.h264), (77, .h264), (100, .h264), (110, nil), (122, nil), (244, nil),
    ] as [(UInt8, PayloadCodec?)])
  func profilesThatReceiversDoNotDecodeDoNotPass(profile: UInt8, passes: PayloadCodec?) {
    let record = ByteBuffer(bytes: [1, profile, 0, 30, 0xFF, 0xE0, 0])
    let format = VideoFormat(codec: .h264, configuration: record)
    #expect(SourceFormat.video(format, reorders: false).untouched == passes)
    #expect(SourceFormat.video(format, reorders: true).untouched == nil)
  }

  @Test func telephoneSoundPassesAsRTPHasIt() {
    func untouched(_ codec: AudioCodec, _ rate: Int = 8_000, _ channels: Int = 1) -> PayloadCodec? {
      SourceFormat.audio(AudioFormat(codec: codec, sampleRate: rate, channels: channels)).untouched
    }
    #expect(untouched(.pcmMuLaw) == .pcmu)
    #expect(untouched(.pcmALaw) == .pcma)
    #expect(untouched(.pcmALaw, 8_000, 2) == nil)
    #expect(untouched(.pcmMuLaw, 16_000) == nil)
    #expect(untouched(.nellymoser) == nil)
  }
}
