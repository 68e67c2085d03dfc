// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// The part of Uniswap's Permit2 that the proxies call.
interface ISignatureTransfer {
  struct TokenPermissions {
    address token;
    uint256 amount;
  }
  struct PermitTransferFrom {
    TokenPermissions permitted;
    uint256 nonce;
    uint256 deadline;
  }
  struct SignatureTransferDetails {
    address to;
    uint256 requestedAmount;
  }

  function permitWitnessTransferFrom(
    PermitTransferFrom memory permit,
    SignatureTransferDetails calldata transferDetails,
    address owner,
    bytes32 witness,
    string calldata witnessTypeString,
    bytes calldata signature
  ) external;
}

/// Stands in for x402's proxy of `exact`, which no package has the code of: written from its interface. Permit2 itself,
/// which checks what was signed, is the real one.
contract ExactPermit2Proxy {
  ISignatureTransfer public constant PERMIT2 = ISignatureTransfer(0x000000000022D473030F116dDEE9F6B43aC78BA3);
  string public constant WITNESS_TYPE_STRING =
    "Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,uint256 validAfter)";
  bytes32 public constant WITNESS_TYPEHASH = keccak256("Witness(address to,uint256 validAfter)");

  struct Witness {
    address to;
    uint256 validAfter;
  }

  event Settled();
  error InvalidAmount();
  error InvalidDestination();
  error InvalidOwner();
  error PaymentTooEarly();

  function settle(
    ISignatureTransfer.PermitTransferFrom calldata permit,
    address owner,
    Witness calldata witness,
    bytes calldata signature
  ) external {
    if (permit.permitted.amount == 0) revert InvalidAmount();
    if (owner == address(0)) revert InvalidOwner();
    if (witness.to == address(0)) revert InvalidDestination();
    if (block.timestamp < witness.validAfter) revert PaymentTooEarly();
    PERMIT2.permitWitnessTransferFrom(
      permit,
      ISignatureTransfer.SignatureTransferDetails(witness.to, permit.permitted.amount),
      owner,
      keccak256(abi.encode(WITNESS_TYPEHASH, witness.to, witness.validAfter)),
      WITNESS_TYPE_STRING,
      signature
    );
    emit Settled();
  }
}

/// Stands in for x402's proxy of `upto`: only the facilitator that the payer names may settle, for at most what is permitted.
contract UptoPermit2Proxy {
  ISignatureTransfer public constant PERMIT2 = ISignatureTransfer(0x000000000022D473030F116dDEE9F6B43aC78BA3);
  string public constant WITNESS_TYPE_STRING =
    "Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,address facilitator,uint256 validAfter)";
  bytes32 public constant WITNESS_TYPEHASH = keccak256("Witness(address to,address facilitator,uint256 validAfter)");

  struct Witness {
    address to;
    address facilitator;
    uint256 validAfter;
  }

  event Settled();
  error AmountExceedsPermitted();
  error InvalidDestination();
  error InvalidOwner();
  error PaymentTooEarly();
  error UnauthorizedFacilitator();

  function settle(
    ISignatureTransfer.PermitTransferFrom calldata permit,
    uint256 amount,
    address owner,
    Witness calldata witness,
    bytes calldata signature
  ) external {
    if (msg.sender != witness.facilitator) revert UnauthorizedFacilitator();
    if (amount > permit.permitted.amount) revert AmountExceedsPermitted();
    if (owner == address(0)) revert InvalidOwner();
    if (witness.to == address(0)) revert InvalidDestination();
    if (block.timestamp < witness.validAfter) revert PaymentTooEarly();
    PERMIT2.permitWitnessTransferFrom(
      permit,
      ISignatureTransfer.SignatureTransferDetails(witness.to, amount),
      owner,
      keccak256(abi.encode(WITNESS_TYPEHASH, witness.to, witness.facilitator, witness.validAfter)),
      WITNESS_TYPE_STRING,
      signature
    );
    emit Settled();
  }
}

/// Hides what it calls from whoever reads only where a transaction goes, as a facilitator with a contract of its own does.
contract Wrapper {
  function pass(address to, bytes calldata data) external {
    (bool ok, bytes memory answer) = to.call(data);
    if (!ok) assembly ("memory-safe") {
      revert(add(answer, 32), mload(answer))
    }
  }
}
