import FLV
import NIOCore
import Testing

@testable import Edge

@Suite struct PictureOrderTests {
  struct Look {
    let time: Int64
    var composition: Int64 = 0
    var isKey = false
  }

  private func verdicts(_ order: PictureOrder, _ looks: [Look]) -> [Bool] {
    var order = order
    return looks.map { look in
      order.look(at: look.time, compositionTime: look.composition, isKeyFrame: look.isKey)
      return order.reorders
    }
  }

  /// Groups of three pictures, 40 ms apart, each group with its composition times.
  private func groups(_ compositions: [[Int64]]) -> [Look] {
    compositions.joined().enumerated().map { index, composition in
      Look(time: Int64(index) * 40, composition: composition, isKey: index.isMultiple(of: 3))
    }
  }

  @Test func whatIsSaidToReorderDoesSoUntilAGroupShowsThatItDoesNot() {
    let order = PictureOrder(promise: .none, declaresReordering: true)
    #expect(order.reorders)
    let seen = verdicts(order, groups([[0, 0, 0], [0, 0, 0]]))
    #expect(seen == [true, true, true, false, false, false])
  }

  @Test func aStreamMovesThereWithThePictureThatShowsItAndBackWithAKeyFrame() {
    let order = PictureOrder(promise: .none, declaresReordering: false)
    let seen = verdicts(order, groups([[0, 0, 0], [0, 80, 0], [0, 0, 0], [0, 0, 0]]))
    #expect(
      seen == [false, false, false, false, true, true, true, true, true, false, false, false],
      "the third group is the first without a sign, so the fourth is the first that passes")
  }

  @Test func aKeyFrameWithADelayIsASignByItself() {
    let order = PictureOrder(promise: .none, declaresReordering: false)
    #expect(verdicts(order, groups([[0, 0, 0], [80, 160, 0]])) == [false, false, false, true, true, true])
  }

  @Test func aPromiseOfOrderMakesOneDelayForAllHarmless() {
    let order = PictureOrder(promise: .inOrder, declaresReordering: false)
    #expect(verdicts(order, groups([[80, 80, 80], [80, 80, 80]])).allSatisfy { !$0 })
    // And a promise that is broken is broken.
    #expect(
      verdicts(order, groups([[80, 160, 0], [80, 80, 80], [80, 80, 80]])).map { $0 } == [
        false, false, true, true, true, true, false, false, false,
      ])
  }

  @Test func fieldsNeedADecoderInWhateverOrder() {
    let order = PictureOrder(promise: .fields, declaresReordering: false)
    #expect(verdicts(order, groups([[0, 0, 0], [0, 0, 0]])).allSatisfy { $0 })
  }

  @Test(arguments: [
    // Baseline; High without and with B frames (the sets of SequenceParameterSetTests).
    ("6742c00dd90141fb011000000300100000030320f142a480", false, false),
    ("6764000dacb20283f60220000003002000000641e28549", false, false),
    ("6764001eacd940a02ff97011000003000100000300320f162d96", true, true),
  ])
  func aConfigurationSaysWhatItCan(set: String, reordersAtFirst: Bool, countsDelay: Bool) throws {
    let configuration = try AVCDecoderConfiguration(
      profile: 100, compatibility: 0, level: 30, sequenceParameterSets: [ByteBuffer(hex: set)],
      pictureParameterSets: [])
    let order = PictureOrder(configuration)
    #expect(order.reorders == reordersAtFirst)
    #expect(verdicts(order, groups([[80, 80, 80]])).last == countsDelay)
  }
}
