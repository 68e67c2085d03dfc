// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// An account that is a contract (ERC-1271): its owner's key signs for it, in 85 bytes that no key's signature has.
contract ContractAccount {
  address public immutable owner;
  bool public locked;

  constructor(address _owner) {
    owner = _owner;
  }

  /// From here on it takes no signature as its own.
  function lock() external {
    locked = true;
  }

  function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
    require(!locked && signature.length == 85 && address(bytes20(signature[:20])) == address(this), "not mine");
    bytes32 own = keccak256(abi.encode(address(this), hash));
    address signer =
      ecrecover(own, uint8(signature[84]), bytes32(signature[20:52]), bytes32(signature[52:84]));
    return signer == owner ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
  }
}

/// Deploys such accounts, at addresses that are known before.
contract ContractAccountFactory {
  function create(address owner) external returns (address) {
    address known = accountOf(owner);
    if (known.code.length > 0) return known;
    return address(new ContractAccount{ salt: 0 }(owner));
  }

  function accountOf(address owner) public view returns (address) {
    bytes32 code = keccak256(abi.encodePacked(type(ContractAccount).creationCode, abi.encode(owner)));
    return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), address(this), bytes32(0), code)))));
  }
}

/// A token that moves on the signatures of keys alone: it has the call in three parts and no other.
contract KeysOnlyUsd {
  string public constant version = "2";

  function balanceOf(address) external pure returns (uint256) {
    return 1000000;
  }

  function transferWithAuthorization(
    address, address, uint256, uint256, uint256, bytes32, uint8, bytes32, bytes32
  ) external pure {
    revert("authorization is expired");
  }
}
