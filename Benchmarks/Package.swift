// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that building the gateway never builds its benchmarks. `make bench` and `make bench-check`
// build and run it.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let parts: Target.Dependency = .product(name: "FlashGateParts", package: "FlashGate")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")

let package = Package(
  name: "Benchmarks",
  dependencies: [
    .package(name: "FlashGate", path: ".."),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  targets: [
    // Counts heap allocations of the whole process, libraries included.
    .target(name: "CAllocations", cSettings: [.unsafeFlags(["-fno-builtin"])]),
    .target(name: "CEpoll"),
    // A publisher and a receiver without sockets, and what they send.
    .target(name: "LoadPeers", dependencies: [parts, nioCore], swiftSettings: strict),
    // Parts of the gateway by themselves: time, and allocations.
    .executableTarget(
      name: "Measure", dependencies: ["CAllocations", "LoadPeers", parts, nioCore, nioPosix], swiftSettings: strict),
    // The release binary under load over loopback.
    .executableTarget(name: "Loopback", dependencies: ["CEpoll", "LoadPeers", parts, nioCore], swiftSettings: strict),
  ]
)
