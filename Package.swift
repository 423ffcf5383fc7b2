// swift-tools-version: 6.2
import PackageDescription

// A warning in our own code is an error: NIO's closures are declared pre-concurrency, so a real race
// would otherwise slip through as a mere warning.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")

let package = Package(
  name: "FlashGate",
  products: [
    .executable(name: "flashgate", targets: ["flashgate"]),
    // For the package in Fuzzing.
    .library(name: "FuzzBodies", targets: ["FuzzBodies"]),
    // For the package in Benchmarks.
    .library(
      name: "FlashGateParts",
      targets: ["AccessPolicy", "AMF", "FLV", "RTMP", "RTP", "WebRTC", "Media", "CDatagrams", "Edge"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-atomics", from: "1.3.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // System libraries: a module map and a header of macro shims.
    .systemLibrary(
      name: "CLibAV", pkgConfig: "libavformat",
      providers: [.apt(["libavcodec-dev", "libavformat-dev", "libavutil-dev", "libswscale-dev", "libswresample-dev"])]),
    .systemLibrary(name: "CLibVPX", pkgConfig: "vpx", providers: [.apt(["libvpx-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLibSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
    .systemLibrary(name: "CLibSRTP", pkgConfig: "libsrtp2", providers: [.apt(["libsrtp2-dev"])]),

    // Protocol cores: no sockets, clocks or threads.
    .target(name: "AMF", dependencies: [nioCore], swiftSettings: strict),
    .target(name: "FLV", dependencies: [nioCore], swiftSettings: strict),
    .target(name: "RTMP", dependencies: ["AMF", "COpenSSL", nioCore], swiftSettings: strict),
    .target(name: "RTMPTunnel", dependencies: [nioCore], swiftSettings: strict),
    .target(name: "RTP", dependencies: [nioCore], swiftSettings: strict),
    .target(name: "WebRTC", dependencies: ["RTP", "COpenSSL", "CLibSRTP", nioCore], swiftSettings: strict),

    // Who may come in, by address: lists and the decision.
    .target(
      name: "AccessPolicy", dependencies: [.product(name: "Atomics", package: "swift-atomics")], swiftSettings: strict),
    .target(
      name: "Identity",
      dependencies: ["AccessPolicy", "COpenSSL", nioCore, .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: strict),
    .target(name: "Metrics", swiftSettings: strict),
    .target(
      name: "Media",
      dependencies: [
        "CLibAV", "CLibVPX", "CSandbox", nioCore, .product(name: "DequeModule", package: "swift-collections"),
      ],
      swiftSettings: strict),
    .target(name: "CSandbox", dependencies: ["CLibSeccomp"]),
    .target(name: "Rooms", dependencies: ["FLV", "Media", "Metrics", "RTP", nioCore], swiftSettings: strict),
    .target(
      name: "Edge",
      dependencies: [
        "AccessPolicy", "Rooms", "Media", "RTMP", "RTMPTunnel", "FLV", "RTP", "WebRTC", "Metrics", "CDatagrams",
        "COpenSSL", nioCore, nioPosix,
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .target(name: "CDatagrams"),
    .target(
      name: "Gateway",
      dependencies: [
        "AccessPolicy", "Edge", "Rooms", "Identity", "Media", "Metrics", "RTMP", "RTP", "WebRTC", nioCore, nioPosix,
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "Yams", package: "Yams"),
      ],
      resources: [.copy("Web")],
      swiftSettings: strict),
    .target(
      name: "Replay",
      dependencies: [
        "AMF", "COpenSSL", "Edge", "FLV", "Gateway", "Media", "Rooms", "RTMP", "RTP", nioCore, nioPosix,
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .target(
      name: "Doctor",
      dependencies: [
        "RTMP", nioCore, nioPosix,
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "flashgate",
      dependencies: [
        "AccessPolicy", "Gateway", "Identity", "Media", "Replay", "Doctor", nioCore, nioPosix,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),

    // Random numbers and bytes that are the same in every run of the tests.
    .target(name: "Seeded", dependencies: [nioCore], path: "Tests/Seeded", swiftSettings: strict),
    // A bad network for tests, in virtual time.
    .target(name: "BadNetwork", dependencies: ["Seeded", nioCore], path: "Tests/BadNetwork", swiftSettings: strict),
    // A WebRTC peer for tests, in memory.
    .target(
      name: "TestPeer", dependencies: ["WebRTC", "RTP", nioCore, nioPosix], path: "Tests/TestPeer",
      swiftSettings: strict),
    // An RTMP client for tests, on real sockets.
    .target(
      name: "TestPublisher", dependencies: ["RTMP", "FLV", nioCore, nioPosix], path: "Tests/TestPublisher",
      swiftSettings: strict),

    // Where the programs of this package are.
    .target(name: "BuiltPrograms", path: "Tests/BuiltPrograms", swiftSettings: strict),
    // Worker processes that break the rules, and one that tries to.
    .executableTarget(name: "TestWorker", dependencies: ["CSandbox"], path: "Tests/TestWorker"),

    // What fuzzers run: `make fuzz` for long, FuzzTests for a moment.
    .target(
      name: "FuzzBodies",
      dependencies: [
        "AccessPolicy", "AMF", "FLV", "Replay", "RTMP", "RTMPTunnel", "RTP", "Seeded", "WebRTC", nioCore,
      ],
      path: "Tests/FuzzBodies", swiftSettings: strict),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzBodies", "Seeded", nioCore], swiftSettings: strict),

    .testTarget(name: "AMFTests", dependencies: ["AMF", "Seeded"], swiftSettings: strict),
    .testTarget(name: "FLVTests", dependencies: ["FLV", "Seeded"], swiftSettings: strict),
    .testTarget(
      name: "RTMPTests", dependencies: ["RTMP", "AMF", "Seeded"], exclude: ["Recordings"], swiftSettings: strict),
    .testTarget(name: "RTMPTunnelTests", dependencies: ["RTMPTunnel", "Seeded", nioCore], swiftSettings: strict),
    .testTarget(name: "RTPTests", dependencies: ["RTP", "Seeded", "BadNetwork"], swiftSettings: strict),
    .testTarget(
      name: "WebRTCTests", dependencies: ["BadNetwork", "WebRTC", "TestPeer", "RTP", "COpenSSL", "CLibSRTP", nioCore],
      resources: [.copy("Offers")], swiftSettings: strict),
    .testTarget(name: "IdentityTests", dependencies: ["Identity", "Seeded", nioCore], swiftSettings: strict),
    .testTarget(name: "AccessPolicyTests", dependencies: ["AccessPolicy", "Seeded"], swiftSettings: strict),
    .testTarget(name: "MetricsTests", dependencies: ["Metrics"], swiftSettings: strict),
    .testTarget(
      name: "MediaTests", dependencies: ["Media", "BuiltPrograms", "Seeded", "TestWorker", "flashgate"],
      swiftSettings: strict),
    .testTarget(
      name: "RoomsTests",
      dependencies: [
        "BuiltPrograms", "TestWorker", "flashgate", "Rooms", "FLV", "Media", "Metrics", "RTP", nioCore, nioPosix,
      ],
      resources: [.copy("Clips")], swiftSettings: strict),
    .testTarget(
      name: "EdgeTests",
      dependencies: [
        "Edge", "AccessPolicy", "CDatagrams", "Seeded", "TestPeer", "TestPublisher",
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ReplayTests",
      dependencies: ["Replay", "AMF", "FLV", "Gateway", "Identity", "RTMP", "Seeded", nioCore, nioPosix],
      swiftSettings: strict),
    .testTarget(name: "DoctorTests", dependencies: ["Doctor"], swiftSettings: strict),
    .testTarget(
      name: "GatewayTests",
      dependencies: ["Gateway", "Identity", "flashgate", "AccessPolicy", "Seeded", "TestPeer", "TestPublisher"],
      swiftSettings: strict),
  ]
)
