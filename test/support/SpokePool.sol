// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface Token {
  function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

struct Relay {
  bytes32 depositor;
  bytes32 recipient;
  bytes32 exclusiveRelayer;
  bytes32 inputToken;
  bytes32 outputToken;
  uint256 inputAmount;
  uint256 outputAmount;
  uint256 originChainId;
  uint256 depositId;
  uint32 fillDeadline;
  uint32 exclusivityDeadline;
  bytes message;
}

struct Deposit {
  bytes32 depositor;
  bytes32 recipient;
  bytes32 inputToken;
  bytes32 outputToken;
  uint256 inputAmount;
  uint256 outputAmount;
  uint256 destinationChainId;
  bytes32 exclusiveRelayer;
  uint32 quoteTimestamp;
  uint32 fillDeadline;
  uint32 exclusivityParameter;
  bytes message;
}

/// Takes deposits, and lets anybody pay them out once.
contract SpokePool {
  uint32 public constant depositQuoteTimeBuffer = 3600;
  uint32 public constant fillDeadlineBuffer = 21600;
  uint256 numberOfDeposits;
  mapping(bytes32 => uint256) public fillStatuses;

  event FundsDeposited(
    bytes32 inputToken,
    bytes32 outputToken,
    uint256 inputAmount,
    uint256 outputAmount,
    uint256 indexed destinationChainId,
    uint256 indexed depositId,
    uint32 quoteTimestamp,
    uint32 fillDeadline,
    uint32 exclusivityDeadline,
    bytes32 indexed depositor,
    bytes32 recipient,
    bytes32 exclusiveRelayer,
    bytes message
  );

  /// `depositV3`, which has more parameters than the compiler can hold: they are read as one.
  fallback() external {
    require(msg.sig == 0x7b939232);
    Deposit memory own = abi.decode(bytes.concat(bytes32(uint256(32)), msg.data[4:]), (Deposit));
    require(block.timestamp >= own.quoteTimestamp && block.timestamp - own.quoteTimestamp <= depositQuoteTimeBuffer);
    require(own.fillDeadline <= block.timestamp + fillDeadlineBuffer && own.exclusivityParameter == 0);
    Token(address(uint160(uint256(own.inputToken)))).transferFrom(msg.sender, address(this), own.inputAmount);
    tell(own, numberOfDeposits++);
  }

  function tell(Deposit memory own, uint256 id) internal {
    emit FundsDeposited(
      own.inputToken,
      own.outputToken,
      own.inputAmount,
      own.outputAmount,
      own.destinationChainId,
      id,
      own.quoteTimestamp,
      own.fillDeadline,
      0,
      own.depositor,
      own.recipient,
      own.exclusiveRelayer,
      own.message
    );
  }

  function fillRelay(Relay calldata relay, uint256, bytes32) external {
    bytes32 hash = keccak256(abi.encode(relay, block.chainid));
    require(fillStatuses[hash] != 2 && relay.fillDeadline >= block.timestamp);
    fillStatuses[hash] = 2;
    Token(address(uint160(uint256(relay.outputToken)))).transferFrom(
      msg.sender,
      address(uint160(uint256(relay.recipient))),
      relay.outputAmount
    );
  }
}
