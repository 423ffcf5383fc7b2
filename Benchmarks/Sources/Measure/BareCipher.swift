import COpenSSL
import RTP

/// What the cipher itself costs on packets of the same sizes: a nonce, the header as additional data, the payload, the
/// tag (RFC 7714). It shows how much of libsrtp's time is not cipher.
final class BareCipher {
  private let context: OpaquePointer
  private let memory: UnsafeMutablePointer<UInt8>
  private let sizes: [Int]
  private var nonce = [UInt8](repeating: 3, count: 12)

  init(_ frames: [PacketizedFrame]) throws {
    guard let context = EVP_CIPHER_CTX_new() else { throw Sending.Failure.noIdentity }
    self.context = context
    self.memory = .allocate(capacity: 1536)
    self.memory.initialize(repeating: 5, count: 1536)
    self.sizes = frames.flatMap { frame in (0..<frame.count).map { frame.payloadSize($0) } }
    guard EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nil, Array(0..<16), nil) == 1 else {
      throw Sending.Failure.noIdentity
    }
  }

  deinit {
    EVP_CIPHER_CTX_free(self.context)
    self.memory.deallocate()
  }

  func seal() {
    var written: CInt = 0
    for size in self.sizes {
      self.nonce[11] &+= 1
      EVP_EncryptInit_ex(self.context, nil, nil, nil, self.nonce)
      EVP_EncryptUpdate(self.context, nil, &written, self.memory, 12)
      EVP_EncryptUpdate(self.context, self.memory + 12, &written, self.memory + 12, CInt(size))
      EVP_EncryptFinal_ex(self.context, self.memory + 12 + size, &written)
      EVP_CIPHER_CTX_ctrl(self.context, EVP_CTRL_AEAD_GET_TAG, 16, self.memory + 12 + size)
    }
  }
}
