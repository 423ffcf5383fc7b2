import Foundation

@testable import Media

/// Material made once per test run.
enum Recordings {
  static let flv1 = Result {
    Recording(flv: try FFmpeg.make(picture(320, 240, 75) + ["-c:v", "flv1", "-b:v", "600k", "-g", "50"]))
  }
  static let flv1Odd = Result {
    Recording(flv: try FFmpeg.make(picture(171, 123, 25) + ["-c:v", "flv1", "-b:v", "400k"]))
  }
  static let nellymoser22 = Result { Recording(flv: try FFmpeg.make(tone(22_050, 1) + ["-c:a", "nellymoser"])) }
  static let nellymoser16 = Result { Recording(flv: try FFmpeg.make(tone(16_000, 1) + ["-c:a", "nellymoser"])) }
  static let nellymoser8 = Result { Recording(flv: try FFmpeg.make(tone(8_000, 1) + ["-c:a", "nellymoser"])) }
  static let aacMono = Result { Recording(flv: try FFmpeg.make(tone(44_100, 1) + ["-c:a", "aac", "-b:a", "64k"])) }
  static let aacStereo = Result { Recording(flv: try FFmpeg.make(tone(44_100, 2) + ["-c:a", "aac", "-b:a", "96k"])) }
  static let numberedH264 = Result {
    Recording(flv: try numbered(["-c:v", "libx264", "-bf", "3", "-b_strategy", "0", "-g", "30", "-crf", "20"]))
  }
  static let numberedH264LowDelay = Result {
    Recording(flv: try numbered(["-c:v", "libx264", "-tune", "zerolatency", "-profile:v", "baseline", "-g", "30"]))
  }
  static let numberedFLV1 = Result { Recording(flv: try numbered(["-c:v", "flv1", "-q:v", "4", "-g", "30"])) }
  static let screenVideo = Result { Recording(flv: try FFmpeg.make(picture(162, 122, 10) + ["-c:v", "flashsv"])) }
  static let screenVideo2 = Result { Recording(flv: try FFmpeg.make(picture(162, 122, 10) + ["-c:v", "flashsv2"])) }
  static let h263 = Result {
    Recording(flv: try FFmpeg.make(picture(176, 144, 20) + ["-c:v", "h263", "-strict", "-1", "-b:v", "300k"]))
  }

  /// Sound of `codec` as ffmpeg names it.
  static func sound(_ codec: String, rate: Int, channels: Int) throws -> Recording {
    Recording(flv: try FFmpeg.make(tone(rate, channels) + ["-c:a", codec]))
  }

  /// A 440 Hz sine of amplitude 0.5, three seconds.
  static func tone(_ rate: Int, _ channels: Int) -> [String] {
    ["-f", "lavfi", "-i", "aevalsrc=0.5*sin(2*PI*440*t):s=\(rate):d=3", "-ar", "\(rate)"]
      + (channels == 1 ? ["-ac", "1"] : ["-af", "pan=stereo|c0=c0|c1=c0"])
  }

  static func picture(_ width: Int, _ height: Int, _ count: Int) -> [String] {
    [
      "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25", "-vf", "scale=\(width):\(height)", "-frames:v", "\(count)",
      "-pix_fmt", "yuv420p",
    ]
  }

  private static let numberedPictures = (0..<75).reduce(into: Data()) {
    $0 += PictureNumber.draw($1, width: 320, height: 240)
  }

  /// 75 pictures of 320x240 that carry their number.
  static func numbered(_ arguments: [String], type: String = "flv") throws -> Data {
    return try FFmpeg.make(
      ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "320x240", "-r", "25", "-i", "INPUT", "-pix_fmt", "yuv420p"]
        + arguments, type: type, input: self.numberedPictures)
  }
}
